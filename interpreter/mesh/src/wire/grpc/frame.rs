//! Messages in frames: one byte that says whether it is compressed, four that say how long it is.

use bytes::{Buf, BytesMut};

/// What was read and not taken yet.
pub(crate) struct Frames {
    bytes: BytesMut,
    most: usize,
}

impl Frames {
    /// Of messages with at most so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            bytes: BytesMut::new(),
            most,
        }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn take(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
    }

    /// The next message, if it is there as a whole.
    pub(crate) fn message(&mut self) -> Result<Option<BytesMut>, &'static str> {
        let Some([compressed, a, b, c, d]) = self.bytes.first_chunk::<5>().copied() else {
            return Ok(None);
        };
        if compressed != 0 {
            return Err("a message is compressed, and nobody asked for that");
        }
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if length > self.most {
            return Err("a message is too long");
        }
        if self.bytes.len().saturating_sub(5) < length {
            return Ok(None);
        }
        self.bytes.advance(5);
        Ok(Some(self.bytes.split_to(length)))
    }
}

/// A message in its frame.
pub(crate) fn framed(message: &[u8]) -> Result<Vec<u8>, &'static str> {
    let length = u32::try_from(message.len()).map_err(|_| "the message is too long")?;
    let mut framed = Vec::with_capacity(message.len().saturating_add(5));
    framed.push(0);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    Ok(framed)
}

#[cfg(test)]
mod tests {
    use super::{Frames, framed};

    #[test]
    fn messages_come_whole_however_their_bytes_come() {
        let sent = [
            framed(b"one").unwrap(),
            framed(b"").unwrap(),
            framed(b"three").unwrap(),
        ]
        .concat();
        let mut frames = Frames::new(100);
        let mut seen = Vec::new();
        for byte in sent {
            frames.take(&[byte]);
            while let Some(message) = frames.message().unwrap() {
                seen.push(message.to_vec());
            }
        }
        assert_eq!(seen, [b"one".to_vec(), b"".to_vec(), b"three".to_vec()]);
        assert!(frames.is_empty());
    }

    #[test]
    fn what_is_too_long_or_compressed_is_refused() {
        let mut frames = Frames::new(2);
        frames.take(&framed(b"one").unwrap());
        assert!(frames.message().is_err());
        let mut frames = Frames::new(100);
        frames.take(&[1, 0, 0, 0, 0]);
        assert!(frames.message().is_err());
    }
}
