//! URLs as Kubernetes reads them: with a scheme, or as a path from the root.

/// A URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    pub(super) scheme: String,
    /// With the port.
    pub(super) host: String,
    /// As it is written, without the query.
    pub(super) path: String,
}

impl Url {
    /// Reads one; nothing where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return None;
        }
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (scheme, rest) = scheme(text)?;
        let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
        if !rest.starts_with('/') {
            // `mailto:somebody` has a scheme, and nothing that begins at a root.
            return (!scheme.is_empty()).then_some(Self {
                scheme,
                ..Self::default()
            });
        }
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let at = rest.find('/').unwrap_or(rest.len());
                (authority(&rest[..at])?, &rest[at..])
            }
            None => ("", rest),
        };
        let url = Self {
            scheme,
            host: host.to_owned(),
            path: path.to_owned(),
        };
        (escapes(path) && escapes(fragment)).then_some(url)
    }

    /// The host without its port and brackets.
    pub(super) fn hostname(&self) -> &str {
        match self.host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inside, _)) => inside,
            None => self.host.split_once(':').map_or(&self.host, |(name, _)| name),
        }
    }

    pub(super) fn port(&self) -> &str {
        let behind = self
            .host
            .rsplit_once(']')
            .map_or(self.host.as_str(), |(_, behind)| behind);
        behind.rsplit_once(':').map_or("", |(_, port)| port)
    }
}

/// The scheme in small letters, and what is behind it; none where a character comes first that no scheme has.
fn scheme(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
    match end.map(|end| text.split_at(end)) {
        Some(("", rest)) if rest.starts_with(':') => None,
        Some((scheme, rest))
            if rest.starts_with(':') && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            Some((scheme.to_ascii_lowercase(), &rest[1..]))
        }
        _ => Some((String::new(), text)),
    }
}

/// `user:password@host:port`, of which the host and port.
fn authority(text: &str) -> Option<&str> {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let of_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(of_user) || !escapes(user) {
        return None;
    }
    let port = match host.strip_prefix('[') {
        Some(rest) => rest.rsplit_once(']')?.1,
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if (digits == port && !port.is_empty()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let of_host =
        |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c);
    (host.chars().all(of_host) && escapes(host)).then_some(host)
}

/// Whether two digits follow every `%`.
fn escapes(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}
