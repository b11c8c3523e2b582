//! Colours on paper, one table for the page and the document.

use serde::Serialize;
use surgery_report_domain::entity::{process::Step, sample::VitalSign};

/// What a line is of. Vital signs have the colours that monitors have taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Hue {
    Heart,
    Saturation,
    Pressure,
    Respiration,
    Temperature,
    Room,
}

impl Hue {
    pub(super) fn of(quantity: VitalSign) -> Self {
        match quantity {
            VitalSign::HeartBeat => Self::Heart,
            VitalSign::DiastolicBloodPressure | VitalSign::SystolicBloodPressure => Self::Pressure,
            VitalSign::RespiratoryRate => Self::Respiration,
            VitalSign::SaturationPercentage => Self::Saturation,
            VitalSign::BodyTemperature => Self::Temperature,
        }
    }

    pub(super) fn ink(self) -> Ink {
        match self {
            Self::Heart => Ink(0x18, 0x7e, 0x36),
            Self::Saturation => Ink(0x00, 0x76, 0x86),
            Self::Pressure => Ink(0xbe, 0x23, 0x23),
            Self::Respiration => Ink(0x84, 0x62, 0x00),
            Self::Temperature => TEXT,
            Self::Room => TEXT_2,
        }
    }
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const TEXT: Ink = Ink(0x18, 0x1b, 0x1e);
pub(super) const TEXT_2: Ink = Ink(0x44, 0x48, 0x4c);
pub(super) const TEXT_3: Ink = Ink(0x60, 0x64, 0x68);
pub(super) const LINE: Ink = Ink(0xd5, 0xda, 0xde);
pub(super) const LINE_STRONG: Ink = Ink(0xaa, 0xaf, 0xb3);
pub(super) const GAP: Ink = Ink(0x7c, 0x81, 0x85);
pub(super) const BAND: Ink = Ink(0xe9, 0xea, 0xeb);

/// A step's colour in the timeline, and its wash behind charts.
pub(super) fn step(step: Step) -> (Ink, Ink) {
    match step {
        Step::PatientInPreparation => (Ink(0xdd, 0xd1, 0xc0), Ink(0xf6, 0xf3, 0xef)),
        Step::PatientOnOperatingTable => (Ink(0xdd, 0xc5, 0xbc), Ink(0xf6, 0xf1, 0xef)),
        Step::Anesthesia => (Ink(0xc3, 0xb9, 0xd0), Ink(0xf0, 0xee, 0xf4)),
        Step::SurgeryInProgress => (Ink(0x97, 0xab, 0xc6), Ink(0xe6, 0xeb, 0xf1)),
        Step::EndOfSurgery => (Ink(0xad, 0xc9, 0xca), Ink(0xeb, 0xf2, 0xf2)),
        Step::PatientUnderObservation => (Ink(0xc7, 0xd8, 0xca), Ink(0xf1, 0xf5, 0xf2)),
    }
}
