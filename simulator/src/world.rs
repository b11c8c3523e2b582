//! The world: a block with its rooms and people, and surgeries that take their course in it.
//!
//! Every duration is drawn from the seed with millisecond grain, so that a product that cuts,
//! rounds or reorders instants differs from the truth.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::delivery::Delivery;
use crate::fact::{
    Booking, DeviceType, Fact, Quantity, Role, RoomType, Step, TechnologyType, Vital, What,
};

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
    /// From the epoch to the patient's arrival.
    pub(crate) starts: SignedDuration,
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
}

impl World {
    pub(crate) fn new(seed: u64, epoch: Timestamp, zones: u32) -> Self {
        Self {
            seed,
            epoch,
            zones,
            deliveries: Vec::new(),
            counted: BTreeMap::new(),
            inside: BTreeMap::new(),
        }
    }

    pub(crate) fn into_deliveries(self) -> Vec<Delivery> {
        self.deliveries
    }

    /// Rooms, technologies and people: there from the first instant.
    pub(crate) fn open_the_block(&mut self) {
        let at = self.epoch;
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
        let arrives = self.epoch + surgery.starts + jitter(random, 60);
        let booking = Booking {
            surgery_id: format!("surgery-{}", surgery.name),
            patient_id: patient_id.clone(),
            tax_code: tax_code.clone(),
            professional_id: professional(surgery.zone, Role::Surgeon),
            surgery_type: pick(&SURGERY_TYPES, surgery.number).to_owned(),
            planned_start: self.epoch + surgery.starts + SignedDuration::from_mins(10),
            planned_minutes: 45,
            operating_room_id: Some(theatre(surgery.zone)),
        };
        if surgery.course != Course::Emergency {
            self.tell(self.epoch, What::Booked(booking.clone()));
        }
        let mut story =
            Story { world: self, surgery, patient_id: patient_id.clone(), now: arrives, random };
        let ended = match surgery.course {
            Course::Elective => story.elective(),
            Course::Returning => story.returning(),
            Course::Emergency => story.emergency(&command_id, &tax_code),
            Course::Interrupted => story.interrupted(),
            Course::Cancelled => story.cancelled(booking),
        };
        let left = story.now;
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

    /// Every room's sensors, each at its own offset, as a bounded random walk.
    pub(crate) fn sense(&mut self, period_s: u32, until: Timestamp, random: &mut ChaCha8Rng) {
        for zone in 1..=self.zones {
            for room_id in [pre(zone), theatre(zone)] {
                let mut at = self.epoch + jitter(random, 1) + SignedDuration::from_secs(5);
                let (mut temperature, mut humidity, mut luminosity) = (21.0, 48.0, 100.0);
                while at < until {
                    walk(&mut temperature, 0.2, 18.0, 25.0, random);
                    walk(&mut humidity, 1.5, 30.0, 65.0, random);
                    walk(&mut luminosity, 15.0, 40.0, 400.0, random);
                    for (quantity, value) in [
                        (Quantity::Temperature, json!(tenth(temperature))),
                        // A whole number on the wire too: the twin's property is an integer.
                        (Quantity::Humidity, json!(percent(humidity))),
                        (Quantity::Luminosity, json!(tenth(luminosity))),
                        (Quantity::Presence, Value::Bool(random.random_bool(0.7))),
                    ] {
                        let room_id = room_id.clone();
                        self.tell(at, What::Environment { room_id, quantity, value });
                    }
                    at += SignedDuration::from_secs(i64::from(period_s));
                }
            }
        }
    }

    /// A bedside monitor: a panel of six vital signs per period.
    fn monitor(
        &mut self,
        patient_id: &str,
        from: Timestamp,
        until: Timestamp,
        period_s: u32,
        random: &mut ChaCha8Rng,
    ) {
        let mut values =
            [(72.0, 2.0, 45.0, 130.0), (78.0, 1.5, 50.0, 100.0), (121.0, 2.0, 85.0, 165.0)];
        let (mut breaths, mut saturation, mut temperature) = (15.0, 98.0, 36.6);
        let mut at = from;
        while at < until {
            for (value, step, low, high) in &mut values {
                walk(value, *step, *low, *high, random);
            }
            walk(&mut breaths, 0.8, 8.0, 28.0, random);
            walk(&mut saturation, 0.6, 88.0, 100.0, random);
            walk(&mut temperature, 0.05, 35.2, 38.6, random);
            let [(heart, ..), (diastolic, ..), (systolic, ..)] = values;
            let facts = [
                (Vital::SystolicBloodPressure, whole(systolic), "mm[Hg]"),
                (Vital::DiastolicBloodPressure, whole(diastolic), "mm[Hg]"),
                (Vital::BodyTemperature, tenth(temperature), "Cel"),
                (Vital::HeartBeat, whole(heart), "/min"),
                (Vital::RespiratoryRate, whole(breaths), "/min"),
                (Vital::SaturationPercentage, whole(saturation), "%"),
            ]
            .map(|(quantity, value, unit)| {
                let patient_id = patient_id.to_owned();
                self.fact(at, What::Vital { patient_id, quantity, value, unit })
            });
            self.deliveries.push(Delivery::prompt(facts.into()));
            at += SignedDuration::from_secs(i64::from(period_s));
        }
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
            What::Fault { .. } => "fault",
        };
        let count = self.counted.entry(word).or_insert(0);
        *count += 1;
        let id = format!("{word}-{}-{count}", self.seed);
        Fact { id, t: chiron_clock::instant::cut(t), what, late: false, expected: None }
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

/// A surgery as it unfolds; `now` moves on with every scene.
struct Story<'a> {
    world: &'a mut World,
    surgery: &'a Surgery,
    patient_id: String,
    now: Timestamp,
    random: &'a mut ChaCha8Rng,
}

/// Each course returns when its last process ended.
impl Story<'_> {
    fn elective(&mut self) -> Timestamp {
        self.prepare();
        self.operate();
        self.observe();
        self.leave()
    }

    fn returning(&mut self) -> Timestamp {
        self.prepare();
        self.operate();
        self.observe();
        self.team_enters();
        self.patient_moves(Some(theatre(self.surgery.zone)));
        self.passes(1, 3);
        self.on_table();
        self.step(Step::SurgeryInProgress);
        self.passes(5, 8);
        self.step(Step::EndOfSurgery);
        self.passes(2, 3);
        self.observe();
        self.leave()
    }

    fn emergency(&mut self, command_id: &str, tax_code: &str) -> Timestamp {
        self.team_enters();
        let what = What::Emergency {
            command_id: command_id.to_owned(),
            room_id: theatre(self.surgery.zone),
            patient_id: self.patient_id.clone(),
            tax_code: Some(tax_code.to_owned()),
        };
        self.world.tell(self.now, what);
        self.passes(1, 2);
        self.on_table();
        self.step(Step::Anesthesia);
        self.passes(4, 6);
        self.step(Step::SurgeryInProgress);
        self.passes(12, 16);
        self.step(Step::EndOfSurgery);
        self.passes(3, 5);
        self.team_leaves();
        self.observe();
        self.leave()
    }

    fn interrupted(&mut self) -> Timestamp {
        self.prepare();
        self.team_enters();
        self.patient_moves(Some(theatre(self.surgery.zone)));
        self.passes(2, 3);
        self.on_table();
        self.step(Step::Anesthesia);
        self.passes(4, 8);
        self.step(Step::Interrupted);
        let ended = self.now;
        self.passes(3, 4);
        self.team_leaves();
        self.leave();
        ended
    }

    fn cancelled(&mut self, booking: Booking) -> Timestamp {
        self.prepare();
        self.world.tell(self.now, What::Cancelled(booking));
        let ended = self.now;
        self.passes(3, 4);
        self.leave();
        ended
    }

    fn prepare(&mut self) {
        self.patient_moves(Some(pre(self.surgery.zone)));
        self.passes(8, 12);
    }

    fn operate(&mut self) {
        let zone = self.surgery.zone;
        self.team_enters();
        self.patient_moves(Some(theatre(zone)));
        self.passes(2, 4);
        self.on_table();
        self.step(Step::Anesthesia);
        self.passes(4, 6);
        self.step(Step::SurgeryInProgress);
        self.passes(2, 4);
        self.technology(true);
        self.passes(3, 5);
        let device_id = format!("device-{}", self.surgery.name);
        let device_type =
            if self.random.random_bool(0.5) { DeviceType::Pacemaker } else { DeviceType::Catheter };
        let patient_id = self.patient_id.clone();
        self.world.tell(self.now, What::Implant { device_id, device_type, patient_id });
        self.passes(1, 2);
        let nurse = professional(zone, Role::Nurse);
        self.world.staff_moves(self.now, &nurse, Some(pre(zone)));
        self.passes(1, 2);
        self.world.staff_moves(self.now, &nurse, Some(theatre(zone)));
        self.passes(2, 4);
        self.technology(false);
        self.passes(2, 4);
        self.step(Step::EndOfSurgery);
        self.passes(2, 4);
        self.team_leaves();
    }

    fn observe(&mut self) {
        self.patient_moves(Some(pre(self.surgery.zone)));
        self.passes(7, 10);
    }

    fn leave(&mut self) -> Timestamp {
        self.patient_moves(None);
        self.now
    }

    /// The porter goes with the patient, through each door at the same instant.
    fn patient_moves(&mut self, room_id: Option<String>) {
        let patient_id = self.patient_id.clone();
        self.world.staff_moves(self.now, &porter(self.surgery.zone), room_id.clone());
        self.world.tell(self.now, What::PatientMoved { patient_id, room_id });
        self.measured_on_the_boundary();
    }

    /// Where one step ends and the next begins, something is measured at that very instant: it
    /// belongs to the second, and at the process's end to the last.
    fn measured_on_the_boundary(&mut self) {
        let vital = What::Vital {
            patient_id: self.patient_id.clone(),
            quantity: Vital::HeartBeat,
            value: f64::from(self.random.random_range(131..160)),
            unit: "/min",
        };
        self.world.tell(self.now, vital);
        let zone = self.surgery.zone;
        for room_id in [pre(zone), theatre(zone)] {
            let value = json!(tenth(self.random.random_range(26.0..30.0)));
            let quantity = Quantity::Temperature;
            self.world.tell(self.now, What::Environment { room_id, quantity, value });
        }
    }

    fn on_table(&mut self) {
        let patient_id = self.patient_id.clone();
        self.world.tell(self.now, What::OnTable { patient_id });
        self.measured_on_the_boundary();
        self.passes(1, 2);
    }

    fn step(&mut self, step: Step) {
        let (room_id, patient_id) = (theatre(self.surgery.zone), self.patient_id.clone());
        self.world.tell(self.now, What::Step { room_id, patient_id, step });
        self.measured_on_the_boundary();
    }

    fn technology(&mut self, in_use: bool) {
        let zone = self.surgery.zone;
        let (technology_id, room_id) = (technology(zone), theatre(zone));
        self.world.tell(self.now, What::Technology { technology_id, room_id, in_use });
    }

    fn team_enters(&mut self) {
        let room = theatre(self.surgery.zone);
        for role in [Role::Nurse, Role::Anesthetist, Role::Surgeon] {
            let at = self.now - jitter(self.random, 50);
            let professional_id = professional(self.surgery.zone, role);
            self.world.staff_moves(at, &professional_id, Some(room.clone()));
        }
    }

    fn team_leaves(&mut self) {
        for role in [Role::Surgeon, Role::Anesthetist, Role::Nurse] {
            let professional_id = professional(self.surgery.zone, role);
            self.world.staff_moves(self.now, &professional_id, None);
            self.now += jitter(self.random, 20);
        }
    }

    /// Time passes: between `least` and `most` minutes, to the millisecond.
    fn passes(&mut self, least: i64, most: i64) {
        let wait_ms = self.random.random_range(least * 60_000..most * 60_000);
        self.now += SignedDuration::from_millis(wait_ms);
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

fn walk(value: &mut f64, step: f64, low: f64, high: f64, random: &mut ChaCha8Rng) {
    *value = (*value + random.random_range(-step..step)).clamp(low, high);
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn whole(value: f64) -> f64 {
    value.round()
}

#[expect(clippy::cast_possible_truncation, reason = "the walk is bounded to 0..100")]
fn percent(value: f64) -> i64 {
    value.round() as i64
}
