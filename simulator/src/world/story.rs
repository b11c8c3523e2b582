//! A surgery as it unfolds, scene by scene.

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::{
    Course, Surgery, TROLLEY, World, jitter, porter, pre, professional, technology, tenth, theatre,
    uuid_of,
};
use crate::fact::{Booking, DeviceType, Light, Quantity, Role, Step, TechnologyType, Vital, What};

/// A surgery under way; `now` moves on with every scene.
pub(super) struct Story<'a> {
    pub(super) world: &'a mut World,
    pub(super) surgery: &'a Surgery,
    pub(super) patient_id: String,
    /// In whose theatre it takes place now.
    pub(super) zone: u32,
    pub(super) now: Timestamp,
    pub(super) random: &'a mut ChaCha8Rng,
}

impl Story<'_> {
    /// Answers when its last process ended.
    pub(super) fn unfold(&mut self, booking: Booking, command_id: &str) -> Timestamp {
        match self.surgery.course {
            Course::Elective => self.elective(),
            Course::Returning => self.returning(),
            Course::Emergency => self.emergency(command_id, &booking.tax_code),
            Course::Interrupted => self.interrupted(),
            Course::Cancelled => self.cancelled(booking),
        }
    }

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
        self.patient_moves(Some(theatre(self.zone)));
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
            room_id: theatre(self.zone),
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
        self.patient_moves(Some(theatre(self.zone)));
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
        self.team_enters();
        self.patient_moves(Some(theatre(self.zone)));
        self.passes(2, 4);
        self.on_table();
        self.step(Step::Anesthesia);
        self.passes(4, 6);
        if let Some(zone) = self.surgery.goes_on_in {
            self.changes_theatre(zone);
        }
        self.step(Step::SurgeryInProgress);
        self.passes(2, 4);
        if self.surgery.lights_by_hand {
            let ambient_light_lux = self.random.random_range(40..200);
            let surgical_light_lux = self.random.random_range(60_000..160_000);
            self.lights(Light::Setup { ambient_light_lux, surgical_light_lux });
        }
        let technology_id = self.fetches_technology();
        self.technology(&technology_id, true);
        self.passes(1, 2);
        if self.surgery.lights_adapted {
            self.lights(Light::Adapt { medical_technology_type: TechnologyType::Endoscope });
        }
        self.passes(2, 3);
        let device_id = format!("device-{}", self.surgery.name);
        let device_type =
            if self.random.random_bool(0.5) { DeviceType::Pacemaker } else { DeviceType::Catheter };
        let patient_id = self.patient_id.clone();
        self.world.tell(self.now, What::Implant { device_id, device_type, patient_id });
        self.passes(1, 2);
        let nurse = professional(self.surgery.zone, Role::Nurse);
        self.world.staff_moves(self.now, &nurse, Some(pre(self.surgery.zone)));
        self.passes(1, 2);
        self.world.staff_moves(self.now, &nurse, Some(theatre(self.zone)));
        self.passes(2, 4);
        self.technology(&technology_id, false);
        if self.surgery.lights_by_hand {
            self.lights(Light::Stop);
        }
        self.passes(2, 4);
        self.step(Step::EndOfSurgery);
        self.passes(2, 4);
        self.team_leaves();
    }

    /// In the middle of it patient and team go over to another theatre.
    fn changes_theatre(&mut self, zone: u32) {
        self.zone = zone;
        self.team_enters();
        self.patient_moves(Some(theatre(self.zone)));
        self.passes(2, 3);
    }

    /// The trolley that the theatres share where it is wanted and free, else the theatre's own.
    fn fetches_technology(&mut self) -> String {
        if self.surgery.wants_trolley && self.world.reserve_trolley(self.now) {
            let technology_id = TROLLEY.to_owned();
            let room_id = Some(theatre(self.zone));
            self.world.tell(self.now, What::TechnologyPlaced { technology_id, room_id });
            self.passes(1, 2);
            return TROLLEY.to_owned();
        }
        technology(self.zone)
    }

    fn lights(&mut self, action: Light) {
        self.world.lights += 1;
        let command_id = uuid_of(self.world.seed, 1_000_000 + self.world.lights);
        let room_id = theatre(self.zone);
        self.world.tell(self.now, What::LightRequest { command_id, room_id, action });
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
        for room_id in [pre(self.surgery.zone), theatre(self.zone)] {
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
        let (room_id, patient_id) = (theatre(self.zone), self.patient_id.clone());
        self.world.tell(self.now, What::Step { room_id, patient_id, step });
        self.measured_on_the_boundary();
    }

    fn technology(&mut self, technology_id: &str, in_use: bool) {
        let (technology_id, room_id) = (technology_id.to_owned(), theatre(self.zone));
        self.world.tell(self.now, What::Technology { technology_id, room_id, in_use });
    }

    fn team_enters(&mut self) {
        let room = theatre(self.zone);
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
