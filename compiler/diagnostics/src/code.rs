//! Stable codes, each with a page that explains, shows and cures.

use serde::{Serialize, Serializer};
use std::fmt;

/// A stable code: `F` and four digits. The first two digits name the stage:
/// 01 parse, 02 resolve, 03 types, 04 flows, 05 services and policies, 06 errors and undo, 07 targets,
/// 08 import, 10 run time (input, store, server), 11 command line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

/// What `flowmesh explain` shows of a code.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// Markdown: a heading with the code and title, then why, an example and its cure.
    pub text: &'static str,
}

/// The codes of the language that stand at warnings. A test holds them against the suite.
const WARNINGS: &[u16] = &[
    207, 209, 220, 221, 222, 223, 311, 318, 401, 403, 407, 425, 438, 460, 488, 506, 523, 531, 532, 540, 542,
    546, 547, 548, 549, 550, 551, 557, 573, 605, 607, 717,
];

impl Code {
    /// Its first two digits: which stage finds it.
    #[must_use]
    pub fn stage(self) -> u16 {
        self.0 / 100
    }

    /// Whether it stands at warnings about a program.
    #[must_use]
    pub fn is_warning(self) -> bool {
        WARNINGS.contains(&self.0)
    }

    /// Whether it may stand at one: what a target cannot hold is a warning where it is left to somebody else.
    #[must_use]
    pub fn may_warn(self) -> bool {
        self.stage() == TARGETS || self.is_warning()
    }
}

/// The stage of targets.
const TARGETS: u16 = 7;

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(['F', 'f']).unwrap_or(text);
        let number = digits.parse().ok().filter(|_| digits.len() == 4);
        number
            .map(Code)
            .ok_or_else(|| format!("expected a code such as F0203, found `{text}`"))
    }
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// All pages, in the order of their codes.
#[must_use]
pub fn pages() -> &'static [Page] {
    PAGES
}

/// The page of a code.
#[must_use]
pub fn page(code: Code) -> Option<&'static Page> {
    PAGES
        .binary_search_by_key(&code, |page| page.code)
        .ok()
        .and_then(|at| PAGES.get(at))
}
