"""All operations of the published Azure Digital Twins client against a running engine.

usage: python azure_client.py URL TOKEN        (azure-digitaltwins-core==1.3.0)

The client is used as published. Only its credential policy is our own, since its standard one
refuses addresses without TLS. Prints one line per check and ends with status 1 at the first
difference.
"""

import sys
import uuid
from datetime import datetime, timezone

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.digitaltwins.core import DigitalTwinsClient, DigitalTwinsEventRoute


class Bearer(SansIOHTTPPolicy):
    def __init__(self, token):
        self.token = token

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer " + self.token


class NoCredential:
    def get_token(self, *scopes, **kwargs):
        raise AssertionError("the policy of this script asks for no token")


checks = 0


def check(what, condition, seen=None):
    global checks
    if not condition:
        print(f"DIFFERENT: {what}: {seen!r}")
        sys.exit(1)
    checks += 1
    print(f"ok: {what}")


def refused(what, kind, code, call, status=None):
    try:
        call()
    except HttpResponseError as error:
        seen = error.error.code if error.error else None
        check(what, isinstance(error, kind) and seen == code, (type(error), seen, str(error)))
        if status:
            check(f"{what}: status", error.status_code == status, error.status_code)
    else:
        check(what, False, "no error")


def model(name, *contents, extends=None):
    interface = {
        "@id": f"dtmi:org:example:{name};1",
        "@type": "Interface",
        "@context": "dtmi:dtdl:context;2",
        "displayName": name,
        "contents": list(contents),
    }
    if extends:
        interface["extends"] = f"dtmi:org:example:{extends};1"
    return interface


def prop(name, schema):
    return {"@type": "Property", "name": name, "schema": schema}


def models(client):
    space = model(
        "Space",
        prop("label", "string"),
        prop("warmth", "double"),
        {"@type": "Relationship", "name": "contains", "properties": [prop("since", "string")]},
        {"@type": "Telemetry", "name": "noise", "schema": "double"},
        {"@type": "Component", "name": "sensor", "schema": "dtmi:org:example:Sensor;1"},
    )
    sensor = model("Sensor", prop("level", "integer"))
    theatre = model("Theatre", prop("lamps", "integer"), extends="Space")
    created = client.create_models([theatre, space, sensor])
    check("models are uploaded together", len(created) == 3, created)
    names = [m.display_name for m in created]
    check("display names as maps", {"en": "Theatre"} in names, names)
    refused(
        "a model twice", ResourceExistsError, "ModelAlreadyExists",
        lambda: client.create_models([sensor]), 409,
    )
    refused(
        "a model that is none", HttpResponseError, "DTDLParserError",
        lambda: client.create_models([{"@id": "dtmi:org:example:Bad;1", "@type": "Interface"}]), 400,
    )
    got = client.get_model("dtmi:org:example:Space;1", include_model_definition=True)
    check("definition comes back", got.model["@id"] == "dtmi:org:example:Space;1", got.model)
    ids = {m.id for m in client.list_models(dependencies_for=["dtmi:org:example:Theatre;1"])}
    check(
        "models with dependencies",
        ids == {f"dtmi:org:example:{n};1" for n in ("Theatre", "Space", "Sensor")}, ids,
    )
    everything = [m.id for m in client.list_models()]
    paged = [m.id for m in client.list_models(headers={"max-items-per-page": "2"})]
    check("pages of models", paged == everything and len(paged) >= 3, paged)
    pages = list(client.list_models(headers={"max-items-per-page": "2"}).by_page())
    check("more than one page", len(pages) > 1, len(pages))
    refused(
        "unknown model", ResourceNotFoundError, "ModelNotFound",
        lambda: client.get_model("dtmi:org:example:None;1"), 404,
    )


def twin(name="Space", **members):
    return {
        "$metadata": {"$model": f"dtmi:org:example:{name};1"},
        "sensor": {"$metadata": {}},
        **members,
    }


def twins(client):
    made = client.upsert_digital_twin("a b/c", twin(label="first"))
    check("twin id with space and slash", made["$dtId"] == "a b/c", made)
    check("etag in the twin", made["$etag"].startswith('W/"'), made)
    read = client.get_digital_twin("a b/c")
    check("read is what was written", read == made, (read, made))
    check("its last update", "lastUpdateTime" in read["$metadata"]["label"], read)
    client.upsert_digital_twin("theatre", twin("Theatre", lamps=2))
    client.upsert_digital_twin("theatre", twin("Theatre", lamps=3, label="big"))
    check("put replaces", client.get_digital_twin("theatre")["lamps"] == 3)
    refused(
        "create only", ResourceExistsError, "PreconditionFailed",
        lambda: client.upsert_digital_twin(
            "theatre", twin("Theatre"), match_condition=MatchConditions.IfMissing
        ),
        412,
    )
    for what, body in [
        ("wrong type", twin(label=3)),
        ("unknown property", twin(colour="red")),
        ("unknown model", {"$metadata": {"$model": "dtmi:org:example:None;1"}}),
    ]:
        try:
            client.upsert_digital_twin("bad", body)
            check(what, False, "no error")
        except HttpResponseError as error:
            check(what, error.status_code == 400, error.status_code)
    refused(
        "unknown twin", ResourceNotFoundError, "DigitalTwinNotFound",
        lambda: client.get_digital_twin("nobody"), 404,
    )

    # The engine believes source times near its own clock only.
    now = read["$metadata"]["label"]["lastUpdateTime"]
    patch = [
        {"op": "add", "path": "/warmth", "value": 21.5},
        {"op": "replace", "path": "/label", "value": "second"},
        {"op": "add", "path": "/$metadata/warmth/sourceTime", "value": now},
        {"op": "add", "path": "/sensor/level", "value": 7},
    ]
    client.update_digital_twin("a b/c", patch)
    read = client.get_digital_twin("a b/c")
    check("patched", (read["warmth"], read["label"]) == (21.5, "second"), read)
    check("source time", "sourceTime" in read["$metadata"]["warmth"], read)
    check("component in the twin", read["sensor"]["level"] == 7, read)
    refused(
        "replace of what was never set", HttpResponseError, "JsonPatchInvalid",
        lambda: client.update_digital_twin(
            "theatre", [{"op": "replace", "path": "/warmth", "value": 1.0}]
        ),
        400,
    )
    refused(
        "changed since", ResourceModifiedError, "PreconditionFailed",
        lambda: client.update_digital_twin(
            "a b/c", patch, etag=made["$etag"], match_condition=MatchConditions.IfNotModified
        ),
        412,
    )
    client.update_digital_twin(
        "a b/c", [{"op": "remove", "path": "/warmth"}],
        etag=read["$etag"], match_condition=MatchConditions.IfNotModified,
    )
    check("removed", "warmth" not in client.get_digital_twin("a b/c"))

    component = client.get_component("a b/c", "sensor")
    check("component", component["level"] == 7, component)
    client.update_component("a b/c", "sensor", [{"op": "replace", "path": "/level", "value": 8}])
    check("component patched", client.get_component("a b/c", "sensor")["level"] == 8)
    refused(
        "unknown component", ResourceNotFoundError, "ComponentNotFound",
        lambda: client.get_component("a b/c", "engine"), 404,
    )


def relationship(rid, source, target, **members):
    return {
        "$relationshipId": rid,
        "$sourceId": source,
        "$targetId": target,
        "$relationshipName": "contains",
        **members,
    }


def relationships(client):
    client.upsert_digital_twin("x", twin())
    for rid, target in (("r1", "x"), ("r2", "theatre"), ("r/3", "x")):
        made = client.upsert_relationship(
            "a b/c", rid, relationship(rid, "a b/c", target, since="always")
        )
        check(f"relationship {rid}", made["$targetId"] == target and made["$etag"], made)
    got = client.get_relationship("a b/c", "r/3")
    check("read relationship", got["since"] == "always", got)
    client.update_relationship("a b/c", "r1", [{"op": "replace", "path": "/since", "value": "now"}])
    check("patched relationship", client.get_relationship("a b/c", "r1")["since"] == "now")
    listed = [r["$relationshipId"] for r in client.list_relationships("a b/c")]
    check("outgoing", sorted(listed) == ["r/3", "r1", "r2"], listed)
    named = list(client.list_relationships("a b/c", relationship_id="contains"))
    check("outgoing by name", len(named) == 3, named)
    check("none by another name", not list(client.list_relationships("a b/c", relationship_id="o")))
    incoming = [r.relationship_id for r in client.list_incoming_relationships("x")]
    check("incoming", sorted(incoming) == ["r/3", "r1"], incoming)
    refused(
        "target that is not there", ResourceNotFoundError, "TargetTwinNotFound",
        lambda: client.upsert_relationship("x", "r", relationship("r", "x", "nobody")), 404,
    )
    refused(
        "unknown relationship", ResourceNotFoundError, "RelationshipNotFound",
        lambda: client.get_relationship("x", "r"), 404,
    )
    refused(
        "twin with relationships stays", HttpResponseError, "RelationshipsNotDeleted",
        lambda: client.delete_digital_twin("x"), 400,
    )


def queries(client):
    rows = list(client.query_twins("SELECT * FROM digitaltwins WHERE $dtId = 'a b/c'"))
    check("by id", [r["$dtId"] for r in rows] == ["a b/c"], rows)
    rows = list(client.query_twins(
        "SELECT CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.contains "
        "WHERE T.$dtId = 'a b/c' AND IS_OF_MODEL(CT, 'dtmi:org:example:Theatre;1')"
    ))
    check("by relationship and model", rows == [{"$dtId": "theatre"}], rows)
    rows = list(client.query_twins("SELECT COUNT() FROM DIGITALTWINS"))
    check("count", rows == [{"COUNT": 3}], rows)
    rows = list(client.query_twins("SELECT TOP (1) FROM DIGITALTWINS"))
    check("top", len(rows) == 1, rows)
    for number in range(25):
        client.upsert_digital_twin(f"many-{number:02}", twin(label="many"))
    many = client.query_twins(
        "SELECT * FROM DIGITALTWINS WHERE label = 'many'", headers={"max-items-per-page": "10"}
    )
    pages = [[r["$dtId"] for r in page] for page in many.by_page()]
    check("pages of rows", [len(page) for page in pages] == [10, 10, 5], pages)
    check("each row once", len({i for page in pages for i in page}) == 25, pages)
    refused(
        "no query", HttpResponseError, "SqlQueryError",
        lambda: list(client.query_twins("SELECT FROM WHERE")), 400,
    )
    for number in range(25):
        client.delete_digital_twin(f"many-{number:02}")


def telemetry(client):
    client.publish_telemetry("theatre", {"noise": 3.5})
    client.publish_telemetry("theatre", "just text", message_id=str(uuid.uuid4()))
    client.publish_component_telemetry("theatre", "sensor", {"level": 1})
    refused(
        "telemetry of nobody", ResourceNotFoundError, "DigitalTwinNotFound",
        lambda: client.publish_telemetry("nobody", {}), 404,
    )
    check("telemetry is taken", True)


def routes(client):
    check("no routes yet", not list(client.list_event_routes()))
    route = DigitalTwinsEventRoute(
        endpoint_name="hook", filter="type = 'Microsoft.DigitalTwins.Twin.Update'"
    )
    client.upsert_event_route("updates", route)
    got = client.get_event_route("updates")
    check("route", (got.id, got.endpoint_name) == ("updates", "hook"), got)
    check("routes", [r.id for r in client.list_event_routes()] == ["updates"])
    refused(
        "unknown endpoint", HttpResponseError, "EventRouteEndpointInvalid",
        lambda: client.upsert_event_route(
            "bad", DigitalTwinsEventRoute(endpoint_name="nowhere", filter="true")
        ),
        400,
    )
    refused(
        "filter that is none", HttpResponseError, "EventRouteFilterInvalid",
        lambda: client.upsert_event_route(
            "bad", DigitalTwinsEventRoute(endpoint_name="hook", filter="colour = 1")
        ),
        400,
    )
    client.delete_event_route("updates")
    refused(
        "unknown route", ResourceNotFoundError, "EventRouteNotFound",
        lambda: client.get_event_route("updates"), 404,
    )


def ending(client):
    for rid in ("r1", "r2", "r/3"):
        client.delete_relationship("a b/c", rid)
    for name in ("a b/c", "theatre", "x"):
        client.delete_digital_twin(name)
    refused(
        "gone", ResourceNotFoundError, "DigitalTwinNotFound",
        lambda: client.get_digital_twin("x"), 404,
    )
    refused(
        "a model that others need", HttpResponseError, "ModelReferencesNotDeleted",
        lambda: client.delete_model("dtmi:org:example:Space;1"), 409,
    )
    client.decommission_model("dtmi:org:example:Theatre;1")
    check("decommissioned", client.get_model("dtmi:org:example:Theatre;1").decommissioned)
    refused(
        "no new twin of it", HttpResponseError, "ModelDecommissioned",
        lambda: client.upsert_digital_twin("late", twin("Theatre")), 400,
    )
    for name in ("Theatre", "Space", "Sensor"):
        client.delete_model(f"dtmi:org:example:{name};1")
    refused(
        "model is gone", ResourceNotFoundError, "ModelNotFound",
        lambda: client.get_model("dtmi:org:example:Theatre;1"), 404,
    )


def main():
    url, token = sys.argv[1:3]
    client = DigitalTwinsClient(
        url, NoCredential(), authentication_policy=Bearer(token), retry_total=0
    )
    models(client)
    twins(client)
    relationships(client)
    queries(client)
    telemetry(client)
    routes(client)
    ending(client)
    stranger = DigitalTwinsClient(
        url, NoCredential(), authentication_policy=Bearer("nonsense"), retry_total=0
    )
    try:
        stranger.get_digital_twin("x")
        check("identity is needed", False)
    except HttpResponseError as error:
        check("identity is needed", error.status_code == 401, error.status_code)
    print(f"all {checks} checks passed")


main()
