//! Rules of users, health professionals and their credentials.
