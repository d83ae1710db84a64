//! The items of a stream, out of the bytes as they come: server-sent events or JSON lines.

/// How a stream is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `text/event-stream`: the data of each event is an item (WHATWG HTML, section 9.2).
    Events,
    /// One JSON value on each line.
    Lines,
}

/// Bytes that have come and are not an item yet.
#[derive(Debug)]
pub struct Items {
    form: Form,
    /// The longest item, in bytes.
    most: usize,
    buffer: Vec<u8>,
    /// The lines of data of the event that has begun.
    data: Vec<Vec<u8>>,
}

/// An item is longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Form {
    /// By the header `Content-Type`.
    #[must_use]
    pub fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("text/event-stream") {
            Self::Events
        } else {
            Self::Lines
        }
    }
}

impl Items {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(form: Form, most: usize) -> Self {
        Self {
            form,
            most,
            buffer: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Takes what has come.
    ///
    /// # Errors
    /// If an item grows too long.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.buffer.extend_from_slice(bytes);
        let data: usize = self.data.iter().map(Vec::len).sum();
        let open = self
            .buffer
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count();
        if data.saturating_add(open) > self.most {
            return Err(TooLong);
        }
        Ok(())
    }

    /// The next item that is whole.
    pub fn item(&mut self) -> Option<Vec<u8>> {
        while let Some(line) = self.line() {
            match self.form {
                Form::Lines if !line.is_empty() => return Some(line),
                Form::Lines => {}
                Form::Events if line.is_empty() => {
                    if let Some(item) = self.event() {
                        return Some(item);
                    }
                }
                Form::Events => {
                    if let Some(data) = line.strip_prefix(b"data:") {
                        self.data.push(data.strip_prefix(b" ").unwrap_or(data).to_vec());
                    }
                }
            }
        }
        None
    }

    /// The stream has ended: what is left of it, if it is an item. An event that its empty line does not end is none.
    pub fn rest(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.buffer);
        let rest = rest.trim_ascii().to_vec();
        (self.form == Form::Lines && !rest.is_empty()).then_some(rest)
    }

    fn event(&mut self) -> Option<Vec<u8>> {
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then(|| data.join(&b'\n'))
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(form: Form, pieces: &[&str]) -> Vec<String> {
        let mut items = Items::new(form, 100);
        let mut found = Vec::new();
        for piece in pieces {
            items.take(piece.as_bytes()).unwrap();
            while let Some(item) = items.item() {
                found.push(String::from_utf8(item).unwrap());
            }
        }
        found.extend(items.rest().map(|item| String::from_utf8(item).unwrap()));
        found
    }

    #[test]
    fn events_are_their_data_however_the_bytes_come() {
        let text = ": hello\n\nid: 7\ndata: {\"a\":\ndata: 1}\n\nevent: x\ndata:2\r\n\r\ndata: cut";
        assert_eq!(items(Form::Events, &[text]), ["{\"a\":\n1}", "2"]);
        let bytes: Vec<String> = text.chars().map(String::from).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(items(Form::Events, &bytes), ["{\"a\":\n1}", "2"]);
    }

    #[test]
    fn lines_are_items_and_the_last_needs_no_end() {
        assert_eq!(items(Form::Lines, &["{}\n\n1", "2\r\n", "3"]), ["{}", "12", "3"]);
    }

    #[test]
    fn an_item_without_an_end_is_refused_when_it_grows_too_long() {
        let mut items = Items::new(Form::Lines, 10);
        assert_eq!(items.take(b"0123456789\n0123456789"), Ok(()));
        assert_eq!(items.take(b"0"), Err(TooLong));
    }
}
