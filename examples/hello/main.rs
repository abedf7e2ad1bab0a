//! World and universe chat.

fn main() {}
