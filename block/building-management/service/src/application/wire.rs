//! What clients send and read, exactly as the contract spells it.

use building_management_domain::{
    entity::{
        environment::{Celsius, Environment, Lux, Percent, Quantity, Snapshot},
        floor::Layout,
        place::{Room, RoomType},
        technology::{Technology, TechnologyType},
    },
    usecase::administration::RoomChange,
};
use chiron_chassis::{FieldError, Problem};
use chiron_clock::instant;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A room as people describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomEntry {
    /// Its id; not blank.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its zone; not blank.
    pub zone_id: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub room_type: RoomTypeName,
}

/// Kinds of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoomTypeName {
    /// A theatre.
    OperatingRoom,
    /// A room for before and after.
    PreOperatingRoom,
}

/// What to change of a room; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomPatch {
    /// New name; may be empty.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// New zone; not blank.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub zone_id: Option<String>,
}

/// A room and where it lies on the floor plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlacedRoom {
    /// The room.
    #[serde(flatten)]
    pub room: RoomEntry,
    /// Where it lies; null when nobody has placed it.
    pub layout: Option<LayoutV1>,
}

/// A rectangle on the floor plan, in units of its grid, within 1000; x grows to the right, y
/// downwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Layout)]
pub struct LayoutV1 {
    /// The left side, from 0.
    pub x: f64,
    /// The upper side, from 0.
    pub y: f64,
    /// The width, more than 0.
    pub w: f64,
    /// The height, more than 0.
    pub h: f64,
}

impl From<Layout> for LayoutV1 {
    fn from(Layout { x, y, w, h }: Layout) -> Self {
        Self { x, y, w, h }
    }
}

/// What a zone is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ZoneLabel)]
pub struct ZoneLabelV1 {
    /// Its name; not blank.
    pub name: String,
    /// Zones come by this, then by id.
    pub order: u32,
}

/// A zone with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ZoneEntry {
    /// The zone.
    pub zone_id: String,
    /// Its name.
    pub name: String,
    /// Zones come by this, then by id.
    pub order: u32,
}

/// A room with what it is like.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomAnswer {
    /// The room.
    #[serde(flatten)]
    pub room: PlacedRoom,
    /// What it is like.
    pub environmental_data: EnvironmentalData,
}

/// What a room is like; null for what was never measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EnvironmentalData {
    /// Temperature.
    pub temperature: Option<ValueWithUnit>,
    /// Relative humidity in percent.
    pub humidity: Option<f64>,
    /// Illuminance.
    pub luminosity: Option<ValueWithUnit>,
    /// Whether somebody is there.
    pub presence: Option<bool>,
}

/// A number and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ValueWithUnit {
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// Units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Lux.
    Lux,
}

/// What a room was like right after one sample.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatedEnvironmentalData {
    /// The last known value of every quantity.
    pub entry: EnvironmentalData,
    /// When the sample was taken, in UTC with milliseconds.
    pub date: String,
    /// What the sample measured.
    pub quantity: QuantityName,
}

/// Quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum QuantityName {
    /// Temperature.
    Temperature,
    /// Relative humidity.
    Humidity,
    /// Illuminance.
    Luminosity,
    /// Whether somebody is there.
    Presence,
}

/// A technology as people describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TechnologyEntry {
    /// Its id; not blank.
    pub id: String,
    /// Its name; not empty.
    pub name: String,
    /// What it is; not empty.
    pub description: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub technology_type: TechnologyTypeName,
}

/// Kinds of technologies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TechnologyTypeName {
    /// An endoscope.
    Endoscope,
    /// An X-ray unit.
    Xray,
}

/// A technology with where it is and whether in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyAnswer {
    /// The technology.
    #[serde(flatten)]
    pub technology: TechnologyEntry,
    /// Whether in use.
    pub in_use: bool,
    /// Where it stands; null when in no room.
    pub room_id: Option<String>,
}

/// Where to place a technology.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyPatch {
    /// The theatre; null takes it out of every room.
    #[serde(deserialize_with = "nullable")]
    #[schema(required)]
    pub room_id: Option<String>,
}

/// A list of things and where each is found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Linked<T> {
    /// The thing.
    pub entry: T,
    /// Where it is read.
    pub url: String,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct List<T> {
    /// This page.
    pub entries: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// Present, and not null.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    String::deserialize(input).map(Some)
}

/// Present, and perhaps null.
fn nullable<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(input)
}

/// Collects what is wrong with a body, so that the client hears of all of it at once.
#[derive(Default)]
struct Mistakes(Vec<FieldError>);

impl Mistakes {
    fn note<T>(&mut self, pointer: &str, parsed: Result<T, impl std::fmt::Display>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(err) => {
                self.0.push(FieldError::new(pointer, err.to_string()));
                None
            }
        }
    }
}

impl TryFrom<RoomEntry> for Room {
    type Error = Problem;

    fn try_from(entry: RoomEntry) -> Result<Self, Problem> {
        let mut mistakes = Mistakes::default();
        let id = mistakes.note("/id", entry.id.parse());
        let zone = mistakes.note("/zoneId", entry.zone_id.parse());
        match (id, zone) {
            (Some(id), Some(zone)) => {
                Ok(Self { id, name: entry.name, zone, room_type: entry.room_type.into() })
            }
            _ => Err(Problem::invalid(mistakes.0)),
        }
    }
}

impl TryFrom<RoomPatch> for RoomChange {
    type Error = Problem;

    fn try_from(patch: RoomPatch) -> Result<Self, Problem> {
        let zone = match patch.zone_id {
            Some(zone) => Some(
                zone.parse().map_err(|err| Problem::bad_request("/zoneId", format!("{err}")))?,
            ),
            None => None,
        };
        Ok(Self { name: patch.name, zone })
    }
}

impl TryFrom<TechnologyEntry> for Technology {
    type Error = Problem;

    fn try_from(entry: TechnologyEntry) -> Result<Self, Problem> {
        let mut mistakes = Mistakes::default();
        let id = mistakes.note("/id", entry.id.parse());
        let name = mistakes.note("/name", entry.name.parse());
        let description = mistakes.note("/description", entry.description.parse());
        match (id, name, description) {
            (Some(id), Some(name), Some(description)) => {
                let technology_type = entry.technology_type.into();
                Ok(Self { id, name, description, technology_type })
            }
            _ => Err(Problem::invalid(mistakes.0)),
        }
    }
}

impl From<&Room> for RoomEntry {
    fn from(room: &Room) -> Self {
        Self {
            id: room.id.to_string(),
            name: room.name.clone(),
            zone_id: room.zone.as_ref().to_owned(),
            room_type: room.room_type.into(),
        }
    }
}

impl From<&Technology> for TechnologyEntry {
    fn from(technology: &Technology) -> Self {
        Self {
            id: technology.id.to_string(),
            name: technology.name.as_ref().to_owned(),
            description: technology.description.as_ref().to_owned(),
            technology_type: technology.technology_type.into(),
        }
    }
}

impl From<Environment> for EnvironmentalData {
    fn from(environment: Environment) -> Self {
        let celsius = |value: Celsius| ValueWithUnit { value: value.get(), unit: Unit::Celsius };
        let lux = |value: Lux| ValueWithUnit { value: value.get(), unit: Unit::Lux };
        Self {
            temperature: environment.temperature.map(celsius),
            humidity: environment.humidity.map(Percent::get),
            luminosity: environment.luminosity.map(lux),
            presence: environment.presence,
        }
    }
}

impl From<Snapshot> for DatedEnvironmentalData {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            entry: snapshot.environment.into(),
            date: instant::write(snapshot.place.at),
            quantity: snapshot.place.quantity.into(),
        }
    }
}

impl From<Quantity> for QuantityName {
    fn from(quantity: Quantity) -> Self {
        match quantity {
            Quantity::Temperature => Self::Temperature,
            Quantity::Humidity => Self::Humidity,
            Quantity::Luminosity => Self::Luminosity,
            Quantity::Presence => Self::Presence,
        }
    }
}

impl From<RoomType> for RoomTypeName {
    fn from(room_type: RoomType) -> Self {
        match room_type {
            RoomType::OperatingRoom => Self::OperatingRoom,
            RoomType::PreOperatingRoom => Self::PreOperatingRoom,
        }
    }
}

impl From<RoomTypeName> for RoomType {
    fn from(name: RoomTypeName) -> Self {
        match name {
            RoomTypeName::OperatingRoom => Self::OperatingRoom,
            RoomTypeName::PreOperatingRoom => Self::PreOperatingRoom,
        }
    }
}

impl From<TechnologyType> for TechnologyTypeName {
    fn from(technology_type: TechnologyType) -> Self {
        match technology_type {
            TechnologyType::Endoscope => Self::Endoscope,
            TechnologyType::Xray => Self::Xray,
        }
    }
}

impl From<TechnologyTypeName> for TechnologyType {
    fn from(name: TechnologyTypeName) -> Self {
        match name {
            TechnologyTypeName::Endoscope => Self::Endoscope,
            TechnologyTypeName::Xray => Self::Xray,
        }
    }
}
