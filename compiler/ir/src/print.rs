//! The program as text for people, as JSON for the interpreter, as DOT for a picture.
