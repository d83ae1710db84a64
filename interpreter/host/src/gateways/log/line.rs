//! One line of the access log. It is written for every visit, so without what writes values of all kinds; what it says is
//! what [`Record`] is as JSON, behind the time.

use flowmesh_mesh::gateway::Record;
use jiff::Timestamp;
use std::{
    fmt::{self, Write as _},
    io::Write as _,
    net::IpAddr,
};

/// How long most lines are at the most, in bytes.
const LINE_BYTES: usize = 512;

/// A line that is being written.
struct Line(Vec<u8>);

/// The time, and then what is known of the visit.
pub(super) fn line(time: Timestamp, record: &Record) -> Vec<u8> {
    let mut line = Line(Vec::with_capacity(LINE_BYTES));
    // Writing into a Vec cannot fail.
    let _ = write!(line.0, "{{\"time\":\"{time}\"");
    line.text("gateway", &record.gateway);
    let request = flowmesh_ir::trace::hex(record.request);
    line.text("request", str::from_utf8(&request).unwrap_or_default());
    line.address(record.address);
    line.text_of("identity", record.identity.as_deref());
    line.text("method", record.method);
    line.text("host", &record.host);
    line.text("path", &record.path);
    line.text("protocol", record.protocol);
    line.number_of("route", record.route);
    line.text_of("target", record.target.as_deref());
    line.number_of("rule", record.rule);
    line.text_of("refused", record.refused.as_deref());
    line.attempts(record);
    line.number("status", record.status);
    line.number("bytes", record.bytes);
    if record.broken {
        line.name("broken");
        line.0.extend_from_slice(b"true");
    }
    line.number("head_us", record.head_us);
    line.number("took_us", record.took_us);
    line.0.extend_from_slice(b"}\n");
    line.0
}

impl Line {
    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.0.push(b'"');
        self.escaped(text);
        self.0.push(b'"');
    }

    fn text_of(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn address(&mut self, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        self.name("address");
        let IpAddr::V4(address) = address else {
            return self.quoted(format_args!("{address}"));
        };
        let mut before = b'"';
        for part in address.octets() {
            self.0.push(before);
            self.0
                .extend_from_slice(itoa::Buffer::new().format(part).as_bytes());
            before = b'.';
        }
        self.0.push(b'"');
    }

    fn quoted(&mut self, shown: fmt::Arguments<'_>) {
        self.0.push(b'"');
        let _ = self.write_fmt(shown);
        self.0.push(b'"');
    }

    fn number(&mut self, name: &str, number: impl itoa::Integer) {
        self.name(name);
        self.0
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn number_of(&mut self, name: &str, number: Option<usize>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    fn attempts(&mut self, record: &Record) {
        if record.attempts.is_empty() {
            return;
        }
        self.name("attempts");
        let mut before = b'[';
        for attempt in &record.attempts {
            self.0.push(before);
            self.quoted(format_args!("{attempt}"));
            before = b',';
        }
        self.0.push(b']');
    }

    /// A piece of a text. Few hold a character that must be written otherwise.
    fn escaped(&mut self, text: &str) {
        let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        // All of it is looked at: that is faster than to stop at the first.
        if !text.bytes().fold(false, |any, byte| any | special(byte)) {
            return self.0.extend_from_slice(text.as_bytes());
        }
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        self.0.extend_from_slice(inner.unwrap_or_default().as_bytes());
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.escaped(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::line;
    use flowmesh_ir::Name;
    use flowmesh_mesh::gateway::{Attempt, Record};
    use jiff::Timestamp;
    use serde_json::Value;

    /// What a line says, and what it should say: the record as JSON, behind the time.
    fn both(record: &Record) -> (String, String) {
        let line = String::from_utf8(line(Timestamp::UNIX_EPOCH, record)).unwrap();
        let json = serde_json::to_string(record).unwrap();
        let wanted = format!(
            "{{\"time\":\"1970-01-01T00:00:00Z\",{}\n",
            json.strip_prefix('{').unwrap()
        );
        (line, wanted)
    }

    fn attempt(outcome: &str) -> Attempt {
        Attempt {
            number: 1,
            subset: Name::from("v1"),
            failover: Some("another \"copy\"".into()),
            endpoint: Some("10.0.0.1:80".into()),
            zone: Some("eu".into()),
            status: Some(503),
            outcome: outcome.into(),
            next: "again".into(),
            began_us: 1,
            took_us: 2,
        }
    }

    #[test]
    fn a_line_is_the_record_as_json() {
        let (line, wanted) = both(&Record::default());
        assert_eq!(line, wanted);
        let near = Record {
            address: Some([127, 0, 0, 1].into()),
            ..Record::default()
        };
        let (line, wanted) = both(&near);
        assert_eq!(line, wanted);
        let record = Record {
            gateway: "front".into(),
            request: 0x00f0_67aa_0ba9_02b7,
            address: Some("2001:db8::1".parse().unwrap()),
            identity: Some("ann\u{1}\t\"\\\u{e9}\u{2028}".to_owned()),
            method: "GET",
            host: "shop.test".into(),
            path: "/a%20b/\u{7f}".into(),
            protocol: "HTTP/1.1",
            route: Some(0),
            target: Some("inventory.find".into()),
            rule: Some(12),
            refused: Some("line one\nline two".to_owned()),
            attempts: vec![attempt("no answer\r\n"), attempt("status 503")],
            status: 503,
            bytes: u64::MAX,
            broken: true,
            head_us: 3,
            took_us: 40,
            ..Record::default()
        };
        let (line, wanted) = both(&record);
        assert_eq!(line, wanted);
        assert_eq!(line.lines().count(), 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["attempts"].as_array().unwrap().len(), 2);
    }
}
