//! The web application that the gateway serves: part of the program, so that one file is enough to
//! run everything; read from its folder while it is being written, in a build without optimisation.

use api_gateway::Pages;

#[cfg(not(debug_assertions))]
include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What was built with the program. None when the application was not built before.
#[cfg(not(debug_assertions))]
pub(crate) fn pages() -> Pages {
    Pages::Embedded(FILES)
}

/// The folder in which the application is built.
#[cfg(debug_assertions)]
pub(crate) fn pages() -> Pages {
    Pages::Folder(concat!(env!("CARGO_MANIFEST_DIR"), "/../web/dist").into())
}
