//! The doors through which the world's facts come in: the twin layer, which keeps what it accepts
//! and tells it from there, and the gateway of commands, which keeps nothing and answers once they
//! are on the bus.

use crate::{
    bus::{Bus, Outbox},
    event::Message,
    machine::{Bell, Ground, NoAnswer},
    shell::Node,
};

/// The twin layer's outbox.
pub const BELL: Bell = Bell::Outbox(0);

/// Accepts facts: they are told under ids in the order of acceptance.
///
/// # Errors
///
/// [`NoAnswer`]: they may have been accepted or not; their sender tells them again.
pub async fn accept(
    ground: Ground,
    outbox: Outbox,
    mut facts: Vec<Message>,
) -> Result<(), NoAnswer> {
    ground.writes(|| format!("accept {} facts", facts.len())).await?;
    for fact in &mut facts {
        fact.id = format!("{:016}", ground.number());
    }
    outbox.put(facts);
    ground.ring(BELL, None);
    ground.wrote().await
}

/// Takes a command, which has an id of its own, straight to the bus.
///
/// # Errors
///
/// [`NoAnswer`]: it may be there or not; its sender gives it again.
pub async fn command(bus: Bus, command: Message) -> Result<(), NoAnswer> {
    bus.publish(&[command]).await
}

/// Starts a process of the twin layer.
pub fn boot(node: &Node, outbox: &Outbox) {
    node.relay(outbox, BELL);
}
