//! How wide words are, near enough: whoever looks at them has a font of his own.

use super::Size;

/// How high a line is, in pixels.
pub const LINE: f64 = 17.0;

/// How wide a line is at 13 pixels in a font without serifs, in pixels. The widths are those of Helvetica, in thousandths of its
/// size, in groups, and a tenth more: other fonts are wider.
#[must_use]
pub fn width(line: &str) -> f64 {
    let thousandths: u32 = line.chars().map(thousandths).sum();
    f64::from(thousandths) * 13.0 * 1.1 / 1000.0
}

fn thousandths(sign: char) -> u32 {
    match sign {
        'i' | 'j' | 'l' | '\'' | '|' => 230,
        ' ' | '!' | ',' | '.' | '/' | ':' | ';' | 'I' | 'f' | 't' | '[' | ']' => 290,
        '(' | ')' | '-' | 'r' | '`' | '{' | '}' | '"' | '*' => 370,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 520,
        'm' | 'w' | 'M' | '%' => 850,
        'W' | '@' => 990,
        'A'..='Z' => 700,
        sign if sign.is_ascii() => 580,
        // Some signs of other scripts are as wide as they are high.
        sign if (sign as u32) > 0x1100 => 1000,
        _ => 600,
    }
}

/// How large some lines are; no words have no size.
pub(super) fn size(text: &str) -> Size {
    if text.is_empty() {
        return Size::default();
    }
    let (mut widest, mut height) = (0.0_f64, 0.0);
    for line in text.split('\n') {
        widest = widest.max(width(line));
        height += LINE;
    }
    Size {
        width: widest,
        height,
    }
}
