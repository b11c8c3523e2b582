//! The ids of the block's models and the names of their relationships, as in `twins/models`.

/// Any room; rooms in use are one of the two kinds below.
pub const ROOM: &str = "dtmi:io:github:smartoperatingblock:Room;1";
/// A theatre.
pub const OPERATING_ROOM: &str = "dtmi:io:github:smartoperatingblock:OperatingRoom;1";
/// A room for preparation before and observation after surgery.
pub const PRE_POST_OPERATING_ROOM: &str =
    "dtmi:io:github:smartoperatingblock:PrePostOperatingRoom;1";
/// A device of a room that acts: heating, light, ….
pub const ACTUATOR: &str = "dtmi:io:github:smartoperatingblock:Actuator;1";
/// A piece of medical technology: endoscope, x-ray.
pub const MEDICAL_TECHNOLOGY: &str = "dtmi:io:github:smartoperatingblock:MedicalTechnology;1";
/// A device that stays in the patient.
pub const IMPLANTABLE_MEDICAL_DEVICE: &str =
    "dtmi:io:github:smartoperatingblock:ImplantableMedicalDevice;1";
/// A surgeon, nurse or anesthetist.
pub const HEALTH_PROFESSIONAL: &str = "dtmi:io:github:smartoperatingblock:HealthProfessional;1";
/// A person as the health service knows them, by tax code.
pub const HEALTHCARE_USER: &str = "dtmi:io:github:smartoperatingblock:HealthcareUser;1";
/// A person while treated in the block.
pub const PATIENT: &str = "dtmi:io:github:smartoperatingblock:Patient;1";
/// A planned surgery.
pub const SURGERY_BOOKING: &str = "dtmi:io:github:smartoperatingblock:SurgeryBooking;1";
/// A surgery under way.
pub const SURGICAL_PROCESS: &str = "dtmi:io:github:smartoperatingblock:SurgicalProcess;1";

/// Patient, health professional or process → room.
pub const REL_IS_INSIDE: &str = "rel_is_inside";
/// Medical technology → operating room.
pub const REL_IS_LOCATED: &str = "rel_is_located";
/// Room → actuator.
pub const REL_HAS_ACTUATOR: &str = "rel_has_actuator";
/// Patient → healthcare user.
pub const REL_IS_ASSOCIATED: &str = "rel_is_associated";
/// Booking → health professional.
pub const REL_RESPONSIBLE_HEALTH_PROFESSIONAL: &str = "rel_responsible_health_professional";
/// Booking → healthcare user.
pub const REL_HEALTHCARE_USER: &str = "rel_healthcare_user";
/// Booking → patient.
pub const REL_BOOKING_ASSOCIATED_PATIENT: &str = "rel_booking_associated_patient";
/// Process → booking.
pub const REL_ASSOCIATED_TO_BOOKING: &str = "rel_associated_to_booking";
/// Process → patient.
pub const REL_INVOLVE_PATIENT: &str = "rel_involve_patient";
/// Process → implantable medical device.
pub const REL_USE: &str = "rel_use";
