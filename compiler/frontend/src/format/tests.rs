//! The style, and what the formatter promises of every text.

use super::format;

const SHOP: &str = include_str!("../../../../tests/suite/format/shop.flow");

fn formatted(text: &str) -> String {
    format(text).expect("neither too large nor too deep")
}

#[test]
fn the_shop_is_in_style() {
    assert_eq!(formatted(SHOP), SHOP);
}
