//! Service for users, health professionals and their credentials.
