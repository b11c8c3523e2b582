//! What a site says of itself: settings, navigation, addresses, anchors, and what is wrong.

mod config;
mod nav;
mod place;
mod problem;
mod slug;
mod yaml;

pub use config::{Config, ConfigError, parse_config};
pub use nav::NavItem;
pub use place::{address, file_title, folder_title, is_index, is_page, output, relative, resolve};
pub use problem::{Problem, Trouble};
pub use slug::{Slugs, slugify};
pub use yaml::{Yaml, YamlError, parse_yaml};
