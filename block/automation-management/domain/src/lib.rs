//! Rules of what each room's environment should be and which command follows.
