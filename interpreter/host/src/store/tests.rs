//! What the store promises, on a disk that misbehaves.

mod blobs;
mod both;
mod cipher;
mod compaction;
mod crashes;
mod damage;
mod journal;
mod model;
mod survey;
mod toy;
mod upgrade;
