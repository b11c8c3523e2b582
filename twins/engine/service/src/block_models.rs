//! The operating block's models, as they lie in `twins/models`.

use serde_json::Value;

/// One interface per file, those that others extend among them; the engine sorts them itself.
const FILES: [&str; 11] = [
    include_str!("../../../models/Actuator.json"),
    include_str!("../../../models/HealthProfessional.json"),
    include_str!("../../../models/HealthcareUser.json"),
    include_str!("../../../models/ImplantableMedicalDevice.json"),
    include_str!("../../../models/MedicalTechnology.json"),
    include_str!("../../../models/OperatingRoom.json"),
    include_str!("../../../models/Patient.json"),
    include_str!("../../../models/PrePostOperatingRoom.json"),
    include_str!("../../../models/Room.json"),
    include_str!("../../../models/SurgeryBooking.json"),
    include_str!("../../../models/SurgicalProcess.json"),
];

/// All of them.
pub(crate) fn read() -> Result<Vec<Value>, serde_json::Error> {
    FILES.iter().map(|file| serde_json::from_str(file)).collect()
}
