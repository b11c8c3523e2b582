//! The world: a block with its rooms and people, and surgeries that take their course in it.
//!
//! Every duration is drawn from the seed with millisecond grain, so that a product that cuts,
//! rounds or reorders instants differs from the truth.

mod sensors;
mod story;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::delivery::Delivery;
use crate::fact::{Booking, Fact, Role, RoomType, Step, TechnologyType, Vital, What};
use crate::world::story::Story;

/// How a surgery goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// As planned, from the booking to the patient's leaving.
    Elective,
    /// As planned, then back to the theatre from observation.
    Returning,
    /// Nobody booked it.
    Emergency,
    /// Given up under anaesthesia.
    Interrupted,
    /// Cancelled while the patient was being prepared.
    Cancelled,
}

/// A surgery to come.
#[derive(Debug, Clone)]
pub(crate) struct Surgery {
    /// Unique over all seeds.
    pub(crate) name: String,
    /// 1, 2, … within the run.
    pub(crate) number: u32,
    pub(crate) zone: u32,
    pub(crate) course: Course,
    /// From the epoch to the patient's arrival, as planned.
    pub(crate) starts: SignedDuration,
    /// How much later the patient really comes; later still while the theatre is taken.
    pub(crate) delay: SignedDuration,
    /// Booked for the theatre of that zone first, and then for this one's.
    pub(crate) booked_in: Option<u32>,
    /// Under anaesthesia patient and team go over to the theatre of that zone, which is free.
    pub(crate) goes_on_in: Option<u32>,
    /// The team sets the lights by hand for a while.
    pub(crate) lights_by_hand: bool,
    /// The team takes the lights that are proposed for the technology in use.
    pub(crate) lights_adapted: bool,
    /// The technology is the one that the theatres share, if nobody has it.
    pub(crate) wants_trolley: bool,
}

/// The people of a patient's names are invented, and so are their tax codes.
const PATIENT_NAMES: [(&str, &str); 8] = [
    ("Luca", "Verdi"),
    ("Giulia", "Bianchi"),
    ("Marta", "Ferri"),
    ("Paolo", "Galli"),
    ("Elena", "Conti"),
    ("Dario", "Leone"),
    ("Irene", "Monti"),
    ("Fabio", "Serra"),
];
const STAFF_NAMES: [(&str, &str); 12] = [
    ("Sara", "Neri"),
    ("Marco", "Rinaldi"),
    ("Anna", "Costa"),
    ("Pietro", "Villa"),
    ("Laura", "Fontana"),
    ("Andrea", "Greco"),
    ("Chiara", "Riva"),
    ("Davide", "Longo"),
    ("Silvia", "Marino"),
    ("Matteo", "Barbieri"),
    ("Francesca", "Sala"),
    ("Nicola", "Ferrara"),
];
const SURGERY_TYPES: [&str; 4] =
    ["Appendectomy", "Cholecystectomy", "Hernia repair", "Knee arthroscopy"];

pub(crate) struct World {
    seed: u64,
    epoch: Timestamp,
    zones: u32,
    deliveries: Vec<Delivery>,
    counted: BTreeMap<&'static str, u32>,
    inside: BTreeMap<String, String>,
    /// When a zone's theatre and team are free again.
    free: BTreeMap<u32, Timestamp>,
    /// When the trolley was taken; it is given back after [`TROLLEY_MINUTES`].
    trolley: Vec<Timestamp>,
    lights: u32,
}

/// The technology that the theatres share.
const TROLLEY: &str = "technology-trolley";
/// For how long whoever takes it may keep it.
const TROLLEY_MINUTES: i64 = 30;
/// Between two surgeries of a theatre at least.
const TURNOVER_MINUTES: i64 = 5;

impl World {
    pub(crate) fn new(seed: u64, epoch: Timestamp, zones: u32) -> Self {
        Self {
            seed,
            epoch,
            zones,
            deliveries: Vec::new(),
            counted: BTreeMap::new(),
            inside: BTreeMap::new(),
            free: BTreeMap::new(),
            trolley: Vec::new(),
            lights: 0,
        }
    }

    pub(crate) fn into_deliveries(self) -> Vec<Delivery> {
        self.deliveries
    }

    /// Rooms, technologies and people: there from the first instant.
    pub(crate) fn open_the_block(&mut self) {
        let at = self.epoch;
        let trolley = What::TechnologyRegistered {
            technology_id: TROLLEY.to_owned(),
            name: "Endoscope trolley".to_owned(),
            technology_type: TechnologyType::Endoscope,
        };
        self.tell(at, trolley);
        for zone in 1..=self.zones {
            let zone_id = format!("zone-{zone}");
            self.tell(at, What::Zone { zone_id: zone_id.clone() });
            for (room_id, name, room_type) in [
                (pre(zone), format!("Recovery {zone}"), RoomType::PreOperating),
                (theatre(zone), format!("Theatre {zone}"), RoomType::Operating),
            ] {
                self.tell(at, What::Room { room_id, name, room_type, zone_id: zone_id.clone() });
            }
            let technology_id = technology(zone);
            let (name, technology_type) = if zone % 2 == 1 {
                ("Endoscope", TechnologyType::Endoscope)
            } else {
                ("Image intensifier", TechnologyType::Xray)
            };
            self.tell(
                at,
                What::TechnologyRegistered {
                    technology_id: technology_id.clone(),
                    name: format!("{name} {zone}"),
                    technology_type,
                },
            );
            let room_id = Some(theatre(zone));
            self.tell(at, What::TechnologyPlaced { technology_id, room_id });
            for role in [Role::Surgeon, Role::Nurse, Role::Anesthetist] {
                let nth = (zone - 1) * 3 + role as u32;
                let (name, surname) = pick(&STAFF_NAMES, nth);
                self.tell(
                    at,
                    What::Professional {
                        health_professional_id: professional(zone, role),
                        name: name.to_owned(),
                        surname: surname.to_owned(),
                        role,
                    },
                );
            }
            let (name, surname) = pick(&STAFF_NAMES, zone + 5);
            let porter = What::Professional {
                health_professional_id: porter(zone),
                name: name.to_owned(),
                surname: surname.to_owned(),
                role: Role::Nurse,
            };
            self.tell(at, porter);
        }
    }

    /// A booking where there is one, then the surgery with its team, monitor and devices.
    pub(crate) fn book_and_operate(
        &mut self,
        surgery: &Surgery,
        vital_period_s: u32,
        late_window: SignedDuration,
        random: &mut ChaCha8Rng,
    ) {
        let tax_code = tax_code(self.seed, surgery.number);
        let (name, surname) = pick(&PATIENT_NAMES, surgery.number);
        let command_id = uuid_of(self.seed, surgery.number);
        let patient_id = match surgery.course {
            Course::Emergency => format!("emergency-patient-{command_id}"),
            _ => format!("patient-{}", surgery.name),
        };
        self.tell(
            self.epoch,
            What::Patient {
                patient_id: patient_id.clone(),
                tax_code: tax_code.clone(),
                name: name.to_owned(),
                surname: surname.to_owned(),
            },
        );
        let planned = self.epoch + surgery.starts + SignedDuration::from_mins(10);
        let mut booking = Booking {
            surgery_id: format!("surgery-{}", surgery.name),
            patient_id: patient_id.clone(),
            tax_code: tax_code.clone(),
            professional_id: professional(surgery.zone, Role::Surgeon),
            surgery_type: pick(&SURGERY_TYPES, surgery.number).to_owned(),
            planned_start: planned,
            planned_minutes: 45,
            operating_room_id: Some(theatre(surgery.booked_in.unwrap_or(surgery.zone))),
        };
        let free = self.free.get(&surgery.zone).copied().unwrap_or(self.epoch);
        let arrives = (self.epoch + surgery.starts + surgery.delay).max(free) + jitter(random, 60);
        if surgery.course != Course::Emergency {
            self.tell(self.epoch, What::Booked(booking.clone()));
            if surgery.booked_in.is_some() {
                booking.operating_room_id = Some(theatre(surgery.zone));
                booking.planned_start = arrives + SignedDuration::from_mins(10);
                let earlier = arrives - SignedDuration::from_mins(40);
                let at = earlier.max(self.epoch + SignedDuration::from_secs(30));
                self.tell(at, What::Rescheduled(booking.clone()));
            }
        }
        let mut story = Story {
            world: self,
            surgery,
            patient_id: patient_id.clone(),
            zone: surgery.zone,
            now: arrives,
            random,
        };
        let ended = story.unfold(booking, &command_id);
        let left = story.now;
        self.free.insert(surgery.zone, left + SignedDuration::from_mins(TURNOVER_MINUTES));
        let monitored_from = arrives + SignedDuration::from_mins(1) + jitter(random, 5);
        self.monitor(&patient_id, monitored_from, left, vital_period_s, random);
        if surgery.course == Course::Elective {
            self.tell_late(
                &patient_id,
                ended - SignedDuration::from_mins(5),
                ended + late_window * 2,
            );
        }
    }

    /// Calls that the product must refuse: they are no facts and must leave no trace.
    pub(crate) fn refusals(&mut self) {
        let at = self.epoch + SignedDuration::from_mins(1);
        let booking = Booking {
            surgery_id: format!("surgery-{}-past", self.seed),
            patient_id: format!("patient-{}-past", self.seed),
            tax_code: tax_code(self.seed, 1),
            professional_id: professional(1, Role::Surgeon),
            surgery_type: "Appendectomy".to_owned(),
            planned_start: self.epoch - SignedDuration::from_hours(1),
            planned_minutes: 45,
            operating_room_id: None,
        };
        self.expect_refusal(at, What::Booked(booking), 400);
        let nowhere = What::Step {
            room_id: "no-such-room".to_owned(),
            patient_id: "nobody".to_owned(),
            step: Step::Anesthesia,
        };
        self.expect_refusal(at, nowhere, 404);
    }

    /// One vital sign that the network held back until long after the report was settled.
    fn tell_late(&mut self, patient_id: &str, t: Timestamp, at: Timestamp) {
        let vital = What::Vital {
            patient_id: patient_id.to_owned(),
            quantity: Vital::HeartBeat,
            value: 61.0,
            unit: "/min",
        };
        let mut fact = self.fact(t + SignedDuration::from_millis(1), vital);
        fact.late = true;
        self.deliveries.push(Delivery { at, facts: vec![fact], repeated: false });
    }

    fn tell(&mut self, t: Timestamp, what: What) {
        let fact = self.fact(t, what);
        self.deliveries.push(Delivery::prompt(vec![fact]));
    }

    fn expect_refusal(&mut self, t: Timestamp, what: What, status: u16) {
        let mut fact = self.fact(t, what);
        fact.expected = Some(status);
        self.deliveries.push(Delivery::prompt(vec![fact]));
    }

    fn fact(&mut self, t: Timestamp, what: What) -> Fact {
        let word = match &what {
            What::Run { .. } => "run",
            What::Zone { .. } => "zone",
            What::Room { .. } => "room",
            What::Professional { .. } => "professional",
            What::Patient { .. } => "patient",
            What::TechnologyRegistered { .. } => "technology-registered",
            What::TechnologyPlaced { .. } => "technology-placed",
            What::Booked(_) => "booked",
            What::Rescheduled(_) => "rescheduled",
            What::Cancelled(_) => "cancelled",
            What::PatientMoved { .. } => "patient-moved",
            What::StaffMoved { .. } => "staff-moved",
            What::OnTable { .. } => "on-table",
            What::Step { .. } => "step",
            What::Technology { .. } => "technology",
            What::Implant { .. } => "implant",
            What::Vital { .. } => "vital",
            What::Environment { .. } => "environment",
            What::Emergency { .. } => "emergency",
            What::Actuator { .. } => "actuator",
            What::ActuatorState { .. } => "actuator-state",
            What::Command { .. } => "command",
            What::LightRequest { .. } => "light-request",
            What::Fault { .. } => "fault",
        };
        let count = self.counted.entry(word).or_insert(0);
        *count += 1;
        let id = format!("{word}-{}-{count}", self.seed);
        Fact::new(id, chiron_clock::instant::cut(t), what)
    }

    /// Whether the trolley is nobody's from then on for long enough; then it is taken.
    fn reserve_trolley(&mut self, at: Timestamp) -> bool {
        let held = SignedDuration::from_mins(TROLLEY_MINUTES);
        let free = self.trolley.iter().all(|taken| at + held < *taken || *taken + held < at);
        if free {
            self.trolley.push(at);
        }
        free
    }

    /// A badge read: the exit of the old room is sent where there is one.
    fn staff_moves(&mut self, t: Timestamp, professional_id: &str, to: Option<String>) {
        let from = self.inside.remove(professional_id);
        if let Some(room) = &to {
            self.inside.insert(professional_id.to_owned(), room.clone());
        }
        if from == to {
            return;
        }
        let professional_id = professional_id.to_owned();
        self.tell(t, What::StaffMoved { professional_id, room_id: to, from_room_id: from });
    }
}

fn pre(zone: u32) -> String {
    format!("pre-{zone}")
}

fn theatre(zone: u32) -> String {
    format!("or-{zone}")
}

fn technology(zone: u32) -> String {
    format!("technology-{zone}")
}

fn professional(zone: u32, role: Role) -> String {
    format!("hp-{}", (zone - 1) * 3 + role as u32 + 1)
}

fn porter(zone: u32) -> String {
    format!("hp-porter-{zone}")
}

fn pick<T: Copy, const N: usize>(from: &[T; N], nth: u32) -> T {
    #[expect(clippy::indexing_slicing, reason = "the remainder is within the array")]
    from[nth as usize % N]
}

/// Sixteen characters in the form of an Italian tax code, of nobody.
fn tax_code(seed: u64, number: u32) -> String {
    format!("ZZZXXX{:02}A{:02}Z{:03}X", seed % 100, number % 100, seed / 100 % 1_000)
}

/// The command's id of the seed's nth surgery, in the form of a UUID.
fn uuid_of(seed: u64, number: u32) -> String {
    format!("{:08x}-0000-4000-8000-{:012x}", number, seed & 0xFFFF_FFFF_FFFF)
}

fn jitter(random: &mut ChaCha8Rng, seconds: i64) -> SignedDuration {
    SignedDuration::from_millis(random.random_range(1..seconds * 1_000))
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
