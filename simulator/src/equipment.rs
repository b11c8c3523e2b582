//! The actuators of the rooms: which there are, and how each is when the day begins.

use jiff::Timestamp;

use crate::delivery::Delivery;
use crate::fact::{ActuatorType, Fact, RoomType, What};

/// Every room heats, cools, airs and lights; a theatre has a surgical light besides.
const OF_ANY_ROOM: [ActuatorType; 4] = [
    ActuatorType::Heating,
    ActuatorType::Cooling,
    ActuatorType::Ventilation,
    ActuatorType::AmbientLight,
];

/// What the control units of all rooms in the plan announce at the first instant: each actuator,
/// and that it is off.
pub(crate) fn announced(plan: &[Delivery], seed: u64, epoch: Timestamp) -> Vec<Delivery> {
    let mut announced = Vec::new();
    let mut tell = |id: String, what: What| {
        let fact = Fact::new(id, epoch, what);
        announced.push(Delivery::prompt(vec![fact]));
    };
    for fact in plan.iter().flat_map(|delivery| &delivery.facts) {
        let What::Room { room_id, room_type, .. } = &fact.what else { continue };
        let surgical = (*room_type == RoomType::Operating).then_some(ActuatorType::SurgicalLight);
        for actuator_type in OF_ANY_ROOM.into_iter().chain(surgical) {
            let actuator_id = format!("{}-{room_id}", actuator_type.word().replace('_', "-"));
            let what = What::Actuator {
                actuator_id: actuator_id.clone(),
                room_id: room_id.clone(),
                actuator_type,
            };
            tell(format!("actuator-{seed}-{actuator_id}"), what);
            let id = format!("actuator-state-{seed}-{actuator_id}");
            tell(id, What::ActuatorState { actuator_id, state: "off", intensity: 0 });
        }
    }
    announced
}
