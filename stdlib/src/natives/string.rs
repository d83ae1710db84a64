//! Natives on texts. Places and lengths count characters, not bytes.

use crate::signature::{
    Native, Param,
    Ty::{Bool, Bytes, Date, Decimal, Duration, Float, Int, Json, List, Optional, String, Time},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("string.len", String, &[], Int)
        .doc("How many characters there are.", "\"abc\".len() == 3"),
    Native::method("string.is_empty", String, &[], Bool).doc("Whether there are none.", "\"\".is_empty()"),
    Native::method("string.upper", String, &[], String)
        .doc("The text in capitals.", "\"abc\".upper() == \"ABC\""),
    Native::method("string.lower", String, &[], String)
        .doc("The text in small letters.", "\"ABC\".lower() == \"abc\""),
    Native::method("string.trim", String, &[], String).doc(
        "The text without the white space around it.",
        "\" a \".trim() == \"a\"",
    ),
    Native::method("string.split", String, &[Param::new("at", String)], List(&String)).doc(
        "The pieces between the places where another text stands.",
        "\"a,b\".split(\",\") == [\"a\", \"b\"]",
    ),
    Native::method("string.lines", String, &[], List(&String)).doc(
        "The lines, without their ends.",
        "\"a\\nb\".lines() == [\"a\", \"b\"]",
    ),
    Native::method("string.contains", String, &[Param::new("part", String)], Bool)
        .doc("Whether another text stands in it.", "\"abc\".contains(\"b\")"),
    Native::method("string.starts_with", String, &[Param::new("part", String)], Bool).doc(
        "Whether it begins with another text.",
        "\"abc\".starts_with(\"ab\")",
    ),
    Native::method("string.ends_with", String, &[Param::new("part", String)], Bool)
        .doc("Whether it ends with another text.", "\"abc\".ends_with(\"bc\")"),
    Native::method(
        "string.replace",
        String,
        &[Param::new("part", String), Param::new("by", String)],
        String,
    )
    .doc(
        "The text with another in place of each occurrence of a part.",
        "\"a-b\".replace(\"-\", \"+\") == \"a+b\"",
    ),
    Native::method("string.take", String, &[Param::new("count", Int)], String).doc(
        "The first characters, at most so many.",
        "\"abc\".take(2) == \"ab\"",
    ),
    Native::method("string.drop", String, &[Param::new("count", Int)], String).doc(
        "All but the first so many characters.",
        "\"abc\".drop(2) == \"c\"",
    ),
    Native::method(
        "string.slice",
        String,
        &[Param::new("from", Int), Param::optional("to", Int)],
        String,
    )
    .doc(
        "The characters from one place up to and without another, or to the end.",
        "\"abcd\".slice(1, 3) == \"bc\"",
    ),
    Native::method(
        "string.index_of",
        String,
        &[Param::new("part", String)],
        Optional(&Int),
    )
    .doc(
        "The first place at which another text stands, from 0.",
        "\"abc\".index_of(\"c\") == 2",
    ),
    Native::method("string.repeat", String, &[Param::new("count", Int)], String)
        .doc("The text so many times.", "\"ab\".repeat(2) == \"abab\""),
    Native::method(
        "string.pad_left",
        String,
        &[Param::new("width", Int), Param::optional("with", String)],
        String,
    )
    .doc(
        "The text filled up before it to a width, with spaces if nothing else is said.",
        "\"7\".pad_left(3, \"0\") == \"007\"",
    ),
    Native::method(
        "string.pad_right",
        String,
        &[Param::new("width", Int), Param::optional("with", String)],
        String,
    )
    .doc(
        "The text filled up behind it to a width, with spaces if nothing else is said.",
        "\"7\".pad_right(3) == \"7  \"",
    ),
    Native::method("string.to_int", String, &[], Optional(&Int)).doc(
        "The number that the text writes, or `none`.",
        "\"12\".to_int() == 12",
    ),
    Native::method("string.to_decimal", String, &[], Optional(&Decimal)).doc(
        "The number that the text writes, or `none`.",
        "\"1.50\".to_decimal() == 1.5",
    ),
    Native::method("string.to_float", String, &[], Optional(&Float)).doc(
        "The number that the text writes, or `none`.",
        "\"x\".to_float().is_none()",
    ),
    Native::method("string.to_time", String, &[], Optional(&Time)).doc(
        "The time that the text writes by RFC 3339, or `none`.",
        "\"2026-01-31T12:00:00Z\".to_time().is_some()",
    ),
    Native::method("string.to_date", String, &[], Optional(&Date)).doc(
        "The date that the text writes, or `none`.",
        "\"2026-02-30\".to_date().is_none()",
    ),
    Native::method("string.to_duration", String, &[], Optional(&Duration)).doc(
        "The length of time that the text writes, or `none`.",
        "\"1h30m\".to_duration() == 90m",
    ),
    Native::method("string.to_bytes", String, &[], Bytes)
        .doc("The text in UTF-8.", "\"abc\".to_bytes().len() == 3"),
    Native::method("string.parse_json", String, &[], Optional(&Json)).doc(
        "The JSON that the text writes, or `none`.",
        "\"[1]\".parse_json().is_some()",
    ),
];
