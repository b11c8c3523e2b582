//! The kinds of Backstage's descriptor format: which fields each has, and what they mean.
//!
//! One table says all of it, so that validation, relations and the order of stored lists cannot
//! disagree.

/// What a field of `spec` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text that is not empty.
    Text,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// An object of texts.
    Profile,
    /// The steps of a template.
    Steps,
    /// An object, or a list of objects.
    Pages,
    /// An object.
    Object,
    /// A reference to an entity.
    One(Link),
    /// A list of references to entities.
    Many(Link),
}

/// What a reference makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// The kind that is meant when none is named; `None` when one must be named.
    pub(crate) kind: Option<&'static str>,
    /// The relation of this entity to the other.
    pub(crate) forward: &'static str,
    /// The relation of the other to this one.
    pub(crate) backward: &'static str,
}

/// A field of `spec`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
    /// What to write there, for people.
    pub(crate) example: &'static str,
}

/// A kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) api_versions: &'static [&'static str],
    pub(crate) fields: &'static [Field],
}

const CORE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];
const SCAFFOLDER: &[&str] = &["scaffolder.backstage.io/v1beta3"];

const OWNED: Link = Link { kind: Some("Group"), forward: "ownedBy", backward: "ownerOf" };

const fn part_of(kind: &'static str) -> Link {
    Link { kind: Some(kind), forward: "partOf", backward: "hasPart" }
}

const PROVIDES: Link =
    Link { kind: Some("API"), forward: "providesApi", backward: "apiProvidedBy" };
const CONSUMES: Link =
    Link { kind: Some("API"), forward: "consumesApi", backward: "apiConsumedBy" };
const DEPENDS: Link = Link { kind: None, forward: "dependsOn", backward: "dependencyOf" };
const DEPENDED: Link = Link { kind: None, forward: "dependencyOf", backward: "dependsOn" };
const PARENT: Link = Link { kind: Some("Group"), forward: "childOf", backward: "parentOf" };
const CHILDREN: Link = Link { kind: Some("Group"), forward: "parentOf", backward: "childOf" };
const MEMBERS: Link = Link { kind: Some("User"), forward: "hasMember", backward: "memberOf" };
const MEMBER_OF: Link = Link { kind: Some("Group"), forward: "memberOf", backward: "hasMember" };

const fn must(name: &'static str, shape: Shape, example: &'static str) -> Field {
    Field { name, required: true, shape, example }
}

const fn may(name: &'static str, shape: Shape, example: &'static str) -> Field {
    Field { name, required: false, shape, example }
}

const OWNER: Field = must("owner", Shape::One(OWNED), "owner: team-a");
const LIFECYCLE: Field = must("lifecycle", Shape::Text, "lifecycle: production");
const SYSTEM: Field = may("system", Shape::One(part_of("System")), "system: my-system");
const DEPENDS_ON: Field = may("dependsOn", Shape::Many(DEPENDS), "dependsOn: [resource:my-db]");
const DEPENDENCY_OF: Field =
    may("dependencyOf", Shape::Many(DEPENDED), "dependencyOf: [component:my-service]");
const PROFILE: Field = may("profile", Shape::Profile, "profile: {displayName: My Team}");

const KINDS: &[Kind] = &[
    Kind {
        name: "Component",
        api_versions: CORE,
        fields: &[
            must("type", Shape::Text, "type: service"),
            LIFECYCLE,
            OWNER,
            SYSTEM,
            may("subcomponentOf", Shape::One(part_of("Component")), "subcomponentOf: my-service"),
            may("providesApis", Shape::Many(PROVIDES), "providesApis: [my-api]"),
            may("consumesApis", Shape::Many(CONSUMES), "consumesApis: [my-api]"),
            DEPENDS_ON,
            DEPENDENCY_OF,
        ],
    },
    Kind {
        name: "API",
        api_versions: CORE,
        fields: &[
            must("type", Shape::Text, "type: openapi"),
            LIFECYCLE,
            OWNER,
            must("definition", Shape::Text, "definition: {$text: https://host/openapi.yaml}"),
            SYSTEM,
        ],
    },
    Kind {
        name: "Resource",
        api_versions: CORE,
        fields: &[
            must("type", Shape::Text, "type: database"),
            OWNER,
            SYSTEM,
            DEPENDS_ON,
            DEPENDENCY_OF,
        ],
    },
    Kind {
        name: "System",
        api_versions: CORE,
        fields: &[
            OWNER,
            may("domain", Shape::One(part_of("Domain")), "domain: my-domain"),
            may("type", Shape::Text, "type: product"),
        ],
    },
    Kind {
        name: "Domain",
        api_versions: CORE,
        fields: &[
            OWNER,
            may("subdomainOf", Shape::One(part_of("Domain")), "subdomainOf: my-domain"),
            may("type", Shape::Text, "type: product-area"),
        ],
    },
    Kind {
        name: "Group",
        api_versions: CORE,
        fields: &[
            must("type", Shape::Text, "type: team"),
            must("children", Shape::Many(CHILDREN), "children: []"),
            may("parent", Shape::One(PARENT), "parent: my-department"),
            may("members", Shape::Many(MEMBERS), "members: [ada]"),
            PROFILE,
        ],
    },
    Kind {
        name: "User",
        api_versions: CORE,
        fields: &[must("memberOf", Shape::Many(MEMBER_OF), "memberOf: [team-a]"), PROFILE],
    },
    Kind {
        name: "Location",
        api_versions: CORE,
        fields: &[
            may("type", Shape::Text, "type: url"),
            may("target", Shape::Text, "target: ./catalog-info.yaml"),
            may("targets", Shape::Texts, "targets: [./catalog-info.yaml]"),
            may(
                "presence",
                Shape::OneOf(&["required", "optional"]),
                "presence: required, or presence: optional",
            ),
        ],
    },
    Kind {
        name: "Template",
        api_versions: SCAFFOLDER,
        fields: &[
            must("type", Shape::Text, "type: service"),
            must("steps", Shape::Steps, "steps: [{action: debug:log}]"),
            may("owner", Shape::One(OWNED), "owner: team-a"),
            may("parameters", Shape::Pages, "parameters: [{title: Basics, properties: {}}]"),
            may("output", Shape::Object, "output: {links: []}"),
        ],
    },
];

/// A kind that configuration adds; what judges its `spec` is the service's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKind {
    /// Its name, as in `kind`.
    pub name: String,
    /// The values of `apiVersion` that it takes; any when empty.
    pub api_versions: Vec<String>,
}

/// The kinds that the catalogue takes: Backstage's, and those that configuration adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(Vec<OwnKind>);

impl Kinds {
    /// Backstage's kinds and these.
    #[must_use]
    pub fn with(own: Vec<OwnKind>) -> Self {
        Self(own)
    }

    /// Whether entities of this kind may come at all. Case does not matter here, so that a kind
    /// with a slip is told what is wrong with it.
    #[must_use]
    pub fn allows(&self, kind: &str) -> bool {
        core(kind).is_some() || self.own(kind).is_some()
    }

    pub(crate) fn own(&self, kind: &str) -> Option<&OwnKind> {
        self.0.iter().find(|own| own.name.eq_ignore_ascii_case(kind))
    }

    pub(crate) fn names(&self) -> String {
        let core = KINDS.iter().map(|kind| kind.name);
        let names: Vec<&str> = core.chain(self.0.iter().map(|own| own.name.as_str())).collect();
        names.join(", ")
    }
}

/// Backstage's kind of this name.
pub(crate) fn core(kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.name.eq_ignore_ascii_case(kind))
}
