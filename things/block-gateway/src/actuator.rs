//! The kinds of actuators, what can be told to each, and how each looks as a Thing.
//!
//! Names of actions and paths are the reference's, so that its automation drives our Things
//! unchanged; what is ours are the properties, the identity and the vocabulary.

use chiron_chassis::Calls;
use serde_json::{Value, json};

/// The five kinds, numbered as in the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Warms the room.
    Heating,
    /// Cools the room.
    Cooling,
    /// Changes the air, which dries it.
    Ventilation,
    /// Lights the room.
    AmbientLight,
    /// Lights the operating table.
    SurgicalLight,
}

/// What a unit is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// On or off.
    Switch(bool),
    /// Percent of a ventilation, lux of a light.
    Dim(i64),
}

/// An order that this kind of actuator does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOrder {
    /// A light has no switch, a heating no intensity.
    #[error("this actuator has no such action")]
    NoSuchAction,
    /// Beyond what the actuator can do.
    #[error("intensity must be from 0 to {0}")]
    OutOfRange(i64),
}

impl Kind {
    /// By its number in the models.
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Heating,
            1 => Self::Cooling,
            2 => Self::Ventilation,
            3 => Self::AmbientLight,
            4 => Self::SurgicalLight,
            _ => return None,
        })
    }

    /// Its number in the models, which is also its command's.
    pub fn number(self) -> i64 {
        match self {
            Self::Heating => 0,
            Self::Cooling => 1,
            Self::Ventilation => 2,
            Self::AmbientLight => 3,
            Self::SurgicalLight => 4,
        }
    }

    /// Its name in the models.
    pub fn word(self) -> &'static str {
        match self {
            Self::Heating => "heating",
            Self::Cooling => "cooling",
            Self::Ventilation => "ventilation",
            Self::AmbientLight => "ambient_light",
            Self::SurgicalLight => "surgical_light",
        }
    }

    /// The greatest intensity, and its unit; `None` for what is only on or off.
    fn dims(self) -> Option<(i64, &'static str)> {
        match self {
            Self::Heating | Self::Cooling => None,
            Self::Ventilation => Some((100, "percent")),
            Self::AmbientLight => Some((5_000, "lux")),
            Self::SurgicalLight => Some((200_000, "lux")),
        }
    }

    /// Checks an order. The reference's units clamp to the same ranges; a client is told instead.
    ///
    /// # Errors
    ///
    /// [`BadOrder`].
    pub fn check(self, order: Order) -> Result<(), BadOrder> {
        match (order, self.dims()) {
            (Order::Switch(_), None) => Ok(()),
            (Order::Dim(intensity), Some((most, _))) if (0..=most).contains(&intensity) => Ok(()),
            (Order::Dim(_), Some((most, _))) => Err(BadOrder::OutOfRange(most)),
            (Order::Switch(_), Some(_)) | (Order::Dim(_), None) => Err(BadOrder::NoSuchAction),
        }
    }
}

impl Order {
    /// `status` of the command line.
    pub(crate) fn status(self) -> Value {
        match self {
            Self::Switch(true) => json!("on"),
            Self::Switch(false) => json!("off"),
            Self::Dim(intensity) => json!(intensity),
        }
    }
}

/// The id under which an actuator is registered as a Thing.
pub fn thing_id(actuator: &str) -> String {
    format!("urn:chiron:thing:{actuator}")
}

/// The Thing Description (W3C Thing Description 1.1) of an actuator that is reached at `base`.
pub fn description(base: &str, actuator: &str, kind: Kind, room: &str) -> Value {
    let segment = Calls::segment(actuator);
    let forms = |name: &str| {
        let href = format!("{base}/things/{segment}/properties/{name}");
        json!([
            {"op": "readproperty", "href": href, "htv:methodName": "GET", "contentType": "application/json"},
            {
                "op": ["observeproperty", "unobserveproperty"], "href": format!("{href}/observe"),
                "subprotocol": "longpoll", "contentType": "application/json",
            },
        ])
    };
    let invoke = |href: String| json!([{"op": "invokeaction", "href": href, "htv:methodName": "POST", "contentType": "application/json"}]);
    let (most, unit) = kind.dims().unwrap_or((100, "percent"));
    let actions = if kind.dims().is_some() {
        json!({"setIntensity": {
            "title": "Sets the intensity; 0 is off",
            "input": {
                "type": "object",
                "properties": {"intensity": {
                    "type": "integer", "minimum": 0, "maximum": most, "unit": unit,
                }},
                "required": ["intensity"],
            },
            "idempotent": true,
            "forms": invoke(format!("{base}/dimmable/{segment}")),
        }})
    } else {
        let switch = |title: &str, state: &str| {
            json!({
                "title": title, "idempotent": true,
                "forms": invoke(format!("{base}/switchable/{segment}/{state}")),
            })
        };
        json!({"on": switch("Switches it on", "on"), "off": switch("Switches it off", "off")})
    };
    let name = kind.word().replace('_', " ");
    json!({
        "@context": [
            "https://www.w3.org/2022/wot/td/v1.1",
            {"htv": "http://www.w3.org/2011/http#", "chiron": "urn:chiron:vocabulary:"},
        ],
        "id": thing_id(actuator),
        "title": format!("{name} {actuator} of {room}"),
        "chiron:actuatorId": actuator,
        "chiron:actuatorType": kind.word(),
        "chiron:roomId": room,
        "securityDefinitions": {"bearer": {
            "scheme": "bearer", "in": "header", "format": "jwt", "alg": "EdDSA",
        }},
        "security": "bearer",
        "properties": {
            "power_state": {
                "type": "string", "enum": ["on", "off"], "readOnly": true, "observable": true,
                "forms": forms("power_state"),
            },
            "intensity": {
                "type": "integer", "minimum": 0, "maximum": most, "unit": unit,
                "readOnly": true, "observable": true, "forms": forms("intensity"),
            },
        },
        "actions": actions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 5] =
        [Kind::Heating, Kind::Cooling, Kind::Ventilation, Kind::AmbientLight, Kind::SurgicalLight];

    #[test]
    fn numbers_are_those_of_the_models() {
        for (number, kind) in (0_u64..).zip(KINDS) {
            assert_eq!(Kind::from_number(number), Some(kind));
            assert_eq!(kind.number().unsigned_abs(), number);
        }
        assert_eq!(Kind::from_number(5), None);
    }

    #[test]
    fn each_kind_takes_its_own_orders() {
        let check = |kind: Kind, order| kind.check(order).map_err(|err| err.to_string());
        let none = || Err("this actuator has no such action".to_owned());
        let beyond = |most: i64| Err(format!("intensity must be from 0 to {most}"));
        for (kind, order, expected) in [
            (Kind::Heating, Order::Switch(true), Ok(())),
            (Kind::Cooling, Order::Switch(false), Ok(())),
            (Kind::Cooling, Order::Dim(0), none()),
            (Kind::Ventilation, Order::Switch(true), none()),
            (Kind::Ventilation, Order::Dim(100), Ok(())),
            (Kind::Ventilation, Order::Dim(101), beyond(100)),
            (Kind::AmbientLight, Order::Dim(5_000), Ok(())),
            (Kind::AmbientLight, Order::Dim(-1), beyond(5_000)),
            (Kind::SurgicalLight, Order::Dim(200_000), Ok(())),
            (Kind::SurgicalLight, Order::Dim(200_001), beyond(200_000)),
        ] {
            assert_eq!(check(kind, order), expected, "{kind:?} {order:?}");
        }
    }

    #[test]
    fn actions_have_the_references_names_and_paths() {
        let href = |kind, action: &str| {
            let td = description("http://gateway:1880", "a/1", kind, "or-1");
            td.pointer(&format!("/actions/{action}/forms/0/href")).cloned()
        };
        assert_eq!(
            href(Kind::Heating, "on"),
            Some(json!("http://gateway:1880/switchable/a%2F1/on"))
        );
        assert_eq!(
            href(Kind::Heating, "off"),
            Some(json!("http://gateway:1880/switchable/a%2F1/off"))
        );
        assert_eq!(href(Kind::Heating, "setIntensity"), None);
        for kind in [Kind::Ventilation, Kind::AmbientLight, Kind::SurgicalLight] {
            let expected = Some(json!("http://gateway:1880/dimmable/a%2F1"));
            assert_eq!(href(kind, "setIntensity"), expected);
            assert_eq!(href(kind, "on"), None);
        }
    }
}
