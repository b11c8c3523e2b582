//! What every service stands on: settings, HTTP, problems, identity, health, telemetry, shutdown.
