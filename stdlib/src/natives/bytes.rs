//! Natives on bytes.

use crate::signature::{
    Native,
    Ty::{Bytes, Int, Optional, String},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("bytes.len", Bytes, &[], Int)
        .doc("How many bytes there are.", "\"abc\".to_bytes().len() == 3"),
    Native::method("bytes.to_base64", Bytes, &[], String).doc(
        "The bytes in base64.",
        "\"abc\".to_bytes().to_base64() == \"YWJj\"",
    ),
    Native::method("bytes.to_text", Bytes, &[], Optional(&String)).doc(
        "The bytes read as UTF-8, or `none` where they are not.",
        "\"abc\".to_bytes().to_text() == \"abc\"",
    ),
];
