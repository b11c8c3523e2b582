//! Acting through the Web of Things: an actuator's Thing Description is read from the directory,
//! and its action is invoked at the address that its form names.
//!
//! The service's own token goes to the directory and to the block gateway, whose addresses are
//! settings. A description may name any address; to another one no token goes.

use std::time::Duration;

use automation_management_domain::{actuator::Setting, command::Trouble, id::ActuatorId};
use axum::http::StatusCode;
use chiron_chassis::{Call, Calls, Endpoints, Service, TokenSource, http_client};
use chiron_clock::Activity;
use serde_json::json;

use crate::application::{
    answer::action,
    description::{Description, Invocation},
};

/// How long the directory or a gateway may take, in time of the machine.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Before an actuator's id in the id of its Thing.
const THING: &str = "urn:chiron:thing:";

/// The directory, and the gateways behind descriptions.
#[derive(Clone)]
pub(crate) struct Things {
    calls: Calls,
    /// To addresses of others; `None` when no client can be made.
    strangers: Option<(reqwest::Client, Activity)>,
}

impl Things {
    pub(crate) fn new(calls: Calls, activity: &Activity) -> Self {
        let client = http_client();
        if let Err(error) = &client {
            tracing::error!(error = %error, "no client for gateways of others");
        }
        Self { calls, strangers: client.ok().map(|client| (client, activity.clone())) }
    }

    /// Sets an actuator.
    ///
    /// # Errors
    ///
    /// [`Trouble`]; what it was is logged.
    pub(crate) async fn set(&self, actuator: &ActuatorId, setting: Setting) -> Result<(), Trouble> {
        let description = self.describe(actuator).await?;
        let (action, intensity) = action(setting);
        let Some(invocation) = description.invocation(action) else {
            tracing::warn!(%actuator, action, "a thing has no form that can be followed");
            return Err(Trouble::BadDescription);
        };
        let input = match intensity {
            Some(intensity) => json!({"intensity": intensity}),
            None => json!({}),
        };
        let Some(call) = self.call(&invocation) else {
            return Err(Trouble::NoGateway);
        };
        match call.json(&input).within(TIME_LIMIT).send().await {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => {
                let status = answer.status;
                tracing::warn!(%actuator, action, status = status.as_u16(), "a command is refused");
                Err(if is_for_now(status) { Trouble::NoGateway } else { Trouble::Refused })
            }
            Err(error) => {
                tracing::warn!(%actuator, action, error = %chiron_chassis::chain(&error), "a gateway fails");
                Err(Trouble::NoGateway)
            }
        }
    }

    /// The description by the actuator's own id, which directories of the reference know; else by
    /// the id of its Thing.
    async fn describe(&self, actuator: &ActuatorId) -> Result<Description, Trouble> {
        for id in [actuator.to_string(), format!("{THING}{actuator}")] {
            let path = format!("/things/{}", Calls::segment(&id));
            let call = self.calls.get(Service::ThingDirectory, &path).within(TIME_LIMIT);
            let answer = match call.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    tracing::warn!(%actuator, error = %chiron_chassis::chain(&error), "no directory");
                    return Err(Trouble::NoDirectory);
                }
            };
            match answer.status {
                StatusCode::NOT_FOUND => {}
                status if status.is_success() => {
                    return Description::parse(&answer.body).map_err(|error| {
                        tracing::warn!(%actuator, %error, "a thing description cannot be read");
                        Trouble::BadDescription
                    });
                }
                status => {
                    tracing::warn!(%actuator, status = status.as_u16(), "the directory refuses");
                    return Err(Trouble::NoDirectory);
                }
            }
        }
        Err(Trouble::NoDescription)
    }

    fn call(&self, invocation: &Invocation) -> Option<Call> {
        let Invocation { origin, path, method } = invocation;
        let ours = self.calls.endpoints().base(Service::BlockGateway);
        if is_same_origin(origin, &ours) {
            return Some(self.calls.request(method.clone(), Service::BlockGateway, path));
        }
        let (client, activity) = self.strangers.clone()?;
        let there = Endpoints::local(0);
        there.set(Service::BlockGateway, origin.as_str());
        let calls = Calls::new(client, there, TokenSource::None, activity);
        Some(calls.request(method.clone(), Service::BlockGateway, path))
    }
}

/// Whether two addresses name the same listener; the names of this machine are one.
fn is_same_origin(one: &str, other: &str) -> bool {
    let normal = |origin: &str| {
        let origin = origin.trim_end_matches('/').to_ascii_lowercase();
        origin.replace("://localhost", "://127.0.0.1").replace("://[::1]", "://127.0.0.1")
    };
    normal(one) == normal(other)
}

/// Whether the same request may be answered otherwise later.
fn is_for_now(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}
