//! Messages in a stream of bytes: the Minimal Lower Layer Protocol.
//!
//! A frame is a vertical tab, the message, a file separator and a carriage return (HL7
//! Implementation Guide, "Minimal Lower Layer Message Transport Protocol", release 2). Some senders
//! leave out the last byte and then wait for their answer, so a frame ends with the file separator,
//! and what follows up to the next start is ignored. Neither of the two bytes can be in a message,
//! so that a start inside a frame says that the one before was cut off.

/// Begins a frame.
pub const START: u8 = 0x0B;
/// Ends a frame.
pub const END: u8 = 0x1C;
/// Follows the end.
pub const AFTER_END: u8 = 0x0D;

/// Of a message that is too long, so much is kept: enough to answer its header.
const KEPT_OF_TOO_LONG: usize = 4 * 1024;

/// What a frame holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Whole(Vec<u8>),
    /// The beginning of a message that is longer than is read.
    TooLong(Vec<u8>),
}

/// Takes a stream apart. Holds at most the longest message, whatever comes.
#[derive(Debug)]
pub struct Frames {
    longest: usize,
    content: Vec<u8>,
    inside: bool,
    too_long: bool,
    outside: usize,
    cut: u64,
}

impl Frames {
    /// Of messages of at most `longest` bytes.
    pub fn new(longest: usize) -> Self {
        let content = Vec::new();
        Self { longest, content, inside: false, too_long: false, outside: 0, cut: 0 }
    }

    /// Takes bytes up to the end of a frame, or all of them: how many were taken, and the frame.
    /// Safe to call with pieces of any length.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Option<Frame>) {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if !self.inside {
                let start = rest.iter().position(|byte| *byte == START);
                let skipped = rest.get(..start.unwrap_or(rest.len())).unwrap_or_default();
                // Ends of lines between frames are the custom of many senders.
                let odd = skipped.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
                self.outside = self.outside.saturating_add(odd);
                taken += skipped.len() + usize::from(start.is_some());
                self.inside = start.is_some();
                continue;
            }
            let edge = rest.iter().position(|byte| [START, END].contains(byte));
            let piece = rest.get(..edge.unwrap_or(rest.len())).unwrap_or_default();
            self.keep(piece);
            taken += piece.len() + usize::from(edge.is_some());
            match edge.and_then(|edge| rest.get(edge)) {
                Some(&END) => return (taken, Some(self.end())),
                Some(_) => {
                    self.cut = self.cut.saturating_add(1);
                    self.content.clear();
                    self.too_long = false;
                }
                None => {}
            }
        }
        (taken, None)
    }

    /// Whether a frame has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.inside
    }

    /// Bytes that stood outside of frames since the last one ended, blanks left out.
    pub fn outside(&self) -> usize {
        self.outside
    }

    /// Frames that were cut off by the start of another one, so far.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.too_long {
            return;
        }
        let room = self.longest.saturating_sub(self.content.len());
        self.content.extend(piece.iter().take(room));
        if room < piece.len() {
            self.too_long = true;
            self.content.truncate(KEPT_OF_TOO_LONG);
            self.content.shrink_to_fit();
        }
    }

    fn end(&mut self) -> Frame {
        let content = std::mem::take(&mut self.content);
        let too_long = std::mem::take(&mut self.too_long);
        self.inside = false;
        self.outside = 0;
        if too_long { Frame::TooLong(content) } else { Frame::Whole(content) }
    }
}

/// Puts a message into a frame.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(message.len() + 3);
    framed.push(START);
    framed.extend_from_slice(message);
    framed.extend_from_slice(&[END, AFTER_END]);
    framed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(frames: &mut Frames, pieces: &[&[u8]]) -> Vec<Frame> {
        let mut found = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (taken, frame) = frames.take(rest);
                found.extend(frame);
                rest = &rest[taken..];
            }
        }
        found
    }

    fn whole(text: &str) -> Frame {
        Frame::Whole(text.as_bytes().to_vec())
    }

    #[test]
    fn frames_are_found_split_glued_and_between_garbage() {
        let cases: [(&[&[u8]], &[&str]); 8] = [
            (&[b"\x0bMSH\x1c\r"], &["MSH"]),
            (&[b"\x0b", b"MS", b"H", b"\x1c", b"\r"], &["MSH"]),
            (&[b"\x0bA\x1c\r\x0bB\x1c\r\x0bC\x1c\r"], &["A", "B", "C"]),
            (&[b"\x0bA\x1c\x0bB\x1c"], &["A", "B"]),
            (&[b"GET / HTTP/1.1\r\n\r\n\x0bA\x1c\r\n\n"], &["A"]),
            (&[b"\x0bcut off \x0bA\x1c\r"], &["A"]),
            (&[b"\x0b\x1c\r"], &[""]),
            (&[b"\x1c\r\x1c\rno start"], &[]),
        ];
        for (pieces, expected) in cases {
            let expected: Vec<Frame> = expected.iter().map(|text| whole(text)).collect();
            assert_eq!(all(&mut Frames::new(100), pieces), expected, "{pieces:?}");
        }
        let mut frames = Frames::new(100);
        all(&mut frames, &[b"ab\r\ncd\x0bx\x0by"]);
        assert_eq!((frames.outside(), frames.cut(), frames.is_inside()), (4, 1, true));
    }

    #[test]
    fn what_is_too_long_is_forgotten_but_its_beginning() {
        let mut frames = Frames::new(10_000);
        let long = vec![b'x'; 10_001];
        let found = all(&mut frames, &[b"\x0b", &long, &long, b"\x1c\r\x0bA\x1c\r"]);
        assert_eq!(found, [Frame::TooLong(vec![b'x'; KEPT_OF_TOO_LONG]), whole("A")]);
        let exactly = vec![b'x'; 10_000];
        assert_eq!(all(&mut frames, &[&frame(&exactly)]), [Frame::Whole(exactly)]);
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same(
            messages in prop::collection::vec(prop::collection::vec(0x20_u8..0x7f, 0..60), 0..6),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let mut stream = Vec::new();
            for message in &messages {
                stream.extend(frame(message));
            }
            let mut frames = Frames::new(60);
            let (mut found, mut rest) = (Vec::new(), stream.as_slice());
            for length in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, behind) = rest.split_at((*length).min(rest.len()));
                found.extend(all(&mut frames, &[piece]));
                rest = behind;
            }
            let expected: Vec<Frame> = messages.into_iter().map(Frame::Whole).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_are_taken_and_memory_is_bounded(
            bytes in prop::collection::vec(
                prop_oneof![3 => any::<u8>(), 1 => Just(START), 1 => Just(END)], 0..2_000),
        ) {
            let mut frames = Frames::new(50);
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (taken, frame) = frames.take(rest);
                prop_assert!(0 < taken && taken <= rest.len());
                prop_assert!(frames.content.len() <= 50);
                if let Some(Frame::Whole(message)) = frame {
                    prop_assert!(message.len() <= 50);
                    prop_assert!(!message.contains(&START) && !message.contains(&END));
                }
                rest = &rest[taken..];
            }
        }
    }
}
