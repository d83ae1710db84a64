//! Addresses that a call fills: `http://{tenant}.suppliers.example.com`.

use super::{
    address::{Address, Wrong},
    guard::Said,
};
use flowmesh_ir::address::{self, Piece};

/// The text of an address, with places in it that each call fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Text>);

/// A part of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// As it stands.
    Fixed(String),
    /// What a call gives under this number.
    Param(usize),
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        Self(vec![Text::Fixed(text)])
    }
}

impl Template {
    /// An address of these parts.
    #[must_use]
    pub fn new(texts: Vec<Text>) -> Self {
        Self(texts)
    }

    /// Whether every call goes to the same address.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.0.iter().all(|text| matches!(text, Text::Fixed(_)))
    }

    /// The address with what a call gives. What it gives was checked to be what may stand there.
    ///
    /// # Errors
    /// Why the text is no address.
    pub fn fill(&self, given: &[String]) -> Result<Address, Wrong> {
        let missing = || Wrong("the call does not say where it goes".to_owned());
        let mut whole = String::new();
        for text in &self.0 {
            whole.push_str(match text {
                Text::Fixed(text) => text,
                Text::Param(at) => given.get(*at).ok_or_else(missing)?,
            });
        }
        Address::parse(&whole)
    }

    /// Who says the host: the program, or what a call gives.
    #[must_use]
    pub fn said(&self) -> Said {
        let mut before = String::new();
        for text in &self.0 {
            let host = before.split_once("://").map_or(before.as_str(), |(_, rest)| rest);
            match text {
                _ if host.contains('/') => break,
                Text::Param(_) => return Said::Given,
                Text::Fixed(text) => before.push_str(text),
            }
        }
        Said::Written
    }

    /// Whether it is an address whatever calls give, and one that they do not choose as a whole.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self) -> Result<(), Wrong> {
        // Texts that follow each other are one, as the rules of templates see them.
        let joined = self.0.iter().fold(Vec::new(), |mut all: Vec<Text>, text| {
            match (all.last_mut(), text) {
                (Some(Text::Fixed(before)), Text::Fixed(text)) => before.push_str(text),
                (_, text) => all.push(text.clone()),
            }
            all
        });
        let pieces: Vec<Piece<'_>> = joined
            .iter()
            .map(|text| match text {
                Text::Fixed(text) => Piece::Text(text),
                Text::Param(_) => Piece::Param,
            })
            .collect();
        address::parts(&pieces).map_err(|(_, wrong)| Wrong(wrong.to_string()))?;
        let most = self.0.iter().filter_map(|text| match text {
            Text::Param(at) => Some(*at),
            Text::Fixed(_) => None,
        });
        let given = vec!["x".to_owned(); most.max().map_or(0, |most| most.saturating_add(1))];
        self.fill(&given).map(|_| ())
    }

    /// As people read it.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |text: &Text| match text {
            Text::Fixed(text) => text.clone(),
            Text::Param(_) => "{}".to_owned(),
        };
        self.0.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Said, Template, Text};

    fn template(before: &str, behind: &str) -> Template {
        Template::new(vec![
            Text::Fixed(before.to_owned()),
            Text::Param(0),
            Text::Fixed(behind.to_owned()),
        ])
    }

    #[test]
    fn a_call_fills_it() {
        let address = template("http://", ".shop.example.com:81/v1");
        assert_eq!(address.check(), Ok(()));
        let filled = address.fill(&["acme".to_owned()]).unwrap();
        assert_eq!(filled.place.to_string(), "acme.shop.example.com:81");
        assert_eq!(filled.base, "/v1");
        assert!(address.fill(&[]).is_err());
    }

    #[test]
    fn what_a_call_gives_says_the_host_or_only_the_path() {
        assert_eq!(template("http://", ".shop.example.com").said(), Said::Given);
        assert_eq!(
            template("http://a.", ".shop.example.com:81/v1").said(),
            Said::Given
        );
        assert_eq!(template("http://shop.example.com/", "/v1").said(), Said::Written);
        assert_eq!(
            Template::from("http://shop.example.com".to_owned()).said(),
            Said::Written
        );
    }

    #[test]
    fn what_configs_made_of_it_is_held_to_the_rules_too() {
        assert!(template("http://", "").check().is_err());
        assert!(template("http://", ".com").check().is_err());
        assert!(template("dns://", ".shop.example.com").check().is_err());
        assert!(template("http://a.example.com:8", "").check().is_err());
    }
}
