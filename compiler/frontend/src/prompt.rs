//! A prompt: declarations and bindings are kept, expressions become functions that the machine can evaluate.
