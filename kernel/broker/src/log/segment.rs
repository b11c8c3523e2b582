//! Segments: the files in which the records themselves lie.
//!
//! Records are written once, in the order in which they were committed, and are never changed. One
//! commit is one frame: a frame that is whole is a commit that happened, and its check sum tells.
//! Bringing a frame to the disk is the one fsync of a commit; the index beside it (`schema`) may
//! lag behind in a power cut, and is completed from the frames when the log is opened. Keeping the
//! content in the index itself writes every byte twice (its own log, then its pages), which on a
//! fast disk costs more than the fsync.
//!
//! A segment begins with eight bytes that say what it is. Then frames:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | length of the body, little-endian |
//! | 4 | CRC-32 (ISO-HDLC) of the body, little-endian |
//! | 4 | length of the heads, little-endian |
//! | … | heads: a JSON array of [`Head`], one per chunk |
//! | … | for each head in turn, its chunk's layout and content |
//!
//! The body is all after the check sum.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::settings::{Durability, LogSettings};

/// What a segment begins with: its kind, and the format's number.
const MAGIC: &[u8; 8] = b"CHELSEG3";

/// Bytes of a frame before its body.
const PREFIX: usize = 8;

/// How a frame's heads begin.
const HEADS: &[u8] = b"[{\"topic\":";

/// Bytes of memory kept from one frame to the next: a thousand events with room to spare.
const FRAME_KEPT: usize = 1 << 20;

/// Open files kept by readers; more than a reader that scans forward needs.
const KEPT: usize = 16;

/// A chunk as a frame describes it: neighbouring records of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) topic: String,
    pub(crate) partition: u32,
    /// Offset of the first record.
    pub(crate) first: u64,
    pub(crate) records: u32,
    /// When they were appended, in milliseconds of Unix time.
    pub(crate) at: i64,
    /// The partition's running total of bytes up to the chunk's end.
    pub(crate) total: u64,
    /// Bytes of the layout.
    pub(crate) layout: u32,
    /// Bytes of the content, which follows the layout.
    pub(crate) content: u32,
    /// CRC-32 (ISO-HDLC) of layout and content. The frame's own says whether a commit is whole;
    /// this one is looked at whenever the chunk is read.
    pub(crate) crc: u32,
}

/// What a chunk must be like to be the one that was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) layout: u32,
    pub(crate) content: u32,
    pub(crate) crc: u32,
}

impl Head {
    pub(crate) fn shape(&self) -> Shape {
        Shape { layout: self.layout, content: self.content, crc: self.crc }
    }

    fn bytes(&self) -> u64 {
        u64::from(self.layout) + u64::from(self.content)
    }
}

/// Where a chunk's layout begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    /// In bytes from the segment's beginning.
    pub(crate) position: u64,
}

/// A commit's chunks on their way into a segment.
#[derive(Default)]
pub(crate) struct Frame {
    heads: Vec<Head>,
    // Layout and content, by head.
    chunks: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Frame {
    /// Adds a chunk; `head` gets the lengths and the check sum of what is given.
    pub(crate) fn push(
        &mut self,
        mut head: Head,
        layout: Vec<u8>,
        content: Vec<u8>,
    ) -> io::Result<()> {
        head.layout = length(&layout)?;
        head.content = length(&content)?;
        head.crc = crc(&layout, &content);
        self.heads.push(head);
        self.chunks.push((layout, content));
        Ok(())
    }

    pub(crate) fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// Writes the frame's bytes into `bytes`, which is empty, and answers how many of them come
    /// before the first chunk.
    fn encode(&self, bytes: &mut Vec<u8>) -> io::Result<u64> {
        let heads = serde_json::to_vec(&self.heads)?;
        bytes.extend_from_slice(&[0; PREFIX]);
        bytes.extend_from_slice(&length(&heads)?.to_le_bytes());
        bytes.extend_from_slice(&heads);
        let before = bytes.len() as u64;
        let mut crc = crc32fast::Hasher::new();
        crc.update(bytes.get(PREFIX..).unwrap_or_default());
        for (head, (layout, content)) in self.heads.iter().zip(&self.chunks) {
            bytes.extend_from_slice(layout);
            bytes.extend_from_slice(content);
            // Not added up again: the chunk's own sum is known.
            crc.combine(&crc32fast::Hasher::new_with_initial_len(head.crc, head.bytes()));
        }
        let body = bytes.get(PREFIX..).unwrap_or_default();
        let prefix = [length(body)?.to_le_bytes(), crc.finalize().to_le_bytes()].concat();
        bytes.splice(..PREFIX, prefix);
        Ok(before)
    }
}

fn crc(layout: &[u8], content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(layout);
    hasher.update(content);
    hasher.finalize()
}

fn length(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| io::Error::from(ErrorKind::FileTooLarge))
}

/// A frame found in a segment: its chunks and where each lies.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) chunks: Vec<(Head, Place)>,
}

/// What a scan gives: the frames that are whole, and where the first that is not begins.
pub(crate) struct Scanned {
    pub(crate) frames: Vec<Found>,
    /// Length of the segment's valid part.
    pub(crate) valid: u64,
    /// Whether whole frames follow behind the first that is not. A frame is written when the one
    /// before is on the disk, unless relaxed: then this is no torn end, but damage.
    pub(crate) goes_on: bool,
}

/// The segments' folder, and the segment that is written.
pub(crate) struct Segments {
    folder: PathBuf,
    durability: Durability,
    // A segment takes no further frame once it has this many bytes.
    full: u64,
    number: u64,
    file: File,
    length: u64,
    // How much of it is known to be on the disk.
    synced: u64,
    // The last frame's bytes: fresh memory for each costs more than copying into it.
    frame: Vec<u8>,
}

/// Where a log keeps its segments: beside its index.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-records");
    PathBuf::from(name)
}

fn file_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.segment"))
}

/// The numbers of the segments that are there, ascending.
pub(crate) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(err),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".segment"));
        numbers.extend(stem.and_then(|stem| stem.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// How long a segment's file is.
pub(crate) fn length_of(folder: &Path, number: u64) -> io::Result<u64> {
    Ok(fs::metadata(file_of(folder, number))?.len())
}

/// Reads a segment's frames from `from` on (0: from its beginning) up to the first that is not
/// whole. A file without our beginning has no valid part.
pub(crate) fn scan(folder: &Path, number: u64, from: u64) -> io::Result<Scanned> {
    let bytes = fs::read(file_of(folder, number))?;
    let mut frames = Vec::new();
    if !bytes.starts_with(MAGIC) {
        let goes_on = follows(&bytes, number, 0);
        return Ok(Scanned { frames, valid: 0, goes_on });
    }
    let mut valid = from.max(MAGIC.len() as u64);
    while let Some((found, end)) = frame_at(&bytes, number, valid) {
        frames.push(found);
        valid = end;
    }
    let goes_on = follows(&bytes, number, valid);
    Ok(Scanned { frames, valid, goes_on })
}

/// Whether a whole frame begins anywhere behind a position.
fn follows(bytes: &[u8], segment: u64, position: u64) -> bool {
    let from = usize::try_from(position).unwrap_or(usize::MAX);
    let Some(rest) = bytes.get(from..) else { return false };
    let heads = rest.windows(HEADS.len()).enumerate().filter(|(_, window)| *window == HEADS);
    // A frame's heads come behind its prefix and their own length.
    let begins = heads.filter_map(|(at, _)| u64::try_from(at.checked_sub(PREFIX + 4)?).ok());
    begins.into_iter().any(|at| frame_at(bytes, segment, position + at).is_some())
}

/// The frame that begins at a position, if a whole one does, and where it ends.
fn frame_at(bytes: &[u8], segment: u64, position: u64) -> Option<(Found, u64)> {
    let rest = bytes.get(usize::try_from(position).ok()?..)?;
    let number = |at: usize| {
        let four = rest.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(four)).ok()
    };
    let end = PREFIX.checked_add(number(0)?)?;
    let body = rest.get(PREFIX..end)?;
    if usize::try_from(crc32fast::hash(body)).ok()? != number(4)? {
        return None;
    }
    let data = PREFIX + 4 + number(PREFIX)?;
    let heads: Vec<Head> = serde_json::from_slice(rest.get(PREFIX + 4..data)?).ok()?;
    let mut at = position + u64::try_from(data).ok()?;
    let mut chunks = Vec::with_capacity(heads.len());
    for head in heads {
        let bytes = head.bytes();
        chunks.push((head, Place { segment, position: at }));
        at += bytes;
    }
    let end = position + u64::try_from(end).ok()?;
    (at == end).then_some((Found { chunks }, end))
}

impl Segments {
    /// Goes on with a segment behind its valid part, or begins it; what follows is cut off.
    pub(crate) fn open(
        folder: PathBuf,
        settings: &LogSettings,
        number: u64,
        valid: u64,
    ) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let path = file_of(&folder, number);
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path)?;
        let (durability, full) = (settings.durability, settings.segment_bytes);
        let mut segments = Self {
            folder,
            durability,
            full,
            number,
            file,
            length: valid,
            synced: 0,
            frame: Vec::new(),
        };
        if valid < MAGIC.len() as u64 {
            segments.begin()?;
        } else if valid < segments.file.metadata()?.len() {
            segments.file.set_len(valid)?;
            segments.file.sync_all()?;
        }
        Ok(segments)
    }

    /// Writes the beginning of a new segment and brings its name to the disk.
    fn begin(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all_at(MAGIC, 0)?;
        self.length = MAGIC.len() as u64;
        self.file.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        match self.folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }

    /// The segment that is written.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// How long it is.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// How much of it has been brought to the disk since it was opened.
    #[cfg(test)]
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// Writes a frame behind the others and, unless relaxed, brings it to the disk; answers where
    /// each chunk lies. When it fails nothing of it counts: [`Segments::take_back`].
    pub(crate) fn append(&mut self, frame: &Frame) -> io::Result<Vec<Place>> {
        if self.full <= self.length {
            self.roll()?;
        }
        self.frame.clear();
        self.frame.shrink_to(FRAME_KEPT);
        let before = frame.encode(&mut self.frame)?;
        self.file.write_all_at(&self.frame, self.length)?;
        if self.durability == Durability::Durable {
            self.file.sync_data()?;
            self.synced = self.length + self.frame.len() as u64;
        }
        let mut position = self.length + before;
        let mut places = Vec::with_capacity(frame.heads.len());
        for head in &frame.heads {
            places.push(Place { segment: self.number, position });
            position += head.bytes();
        }
        self.length = position;
        Ok(places)
    }

    /// Ends the segment, relaxed or not, on the disk, and begins the next.
    fn roll(&mut self) -> io::Result<()> {
        self.sync()?;
        self.go_to(self.number + 1, 0)
    }

    fn go_to(&mut self, number: u64, valid: u64) -> io::Result<()> {
        let settings = LogSettings::new(self.durability).with_segment_bytes(self.full);
        *self = Self::open(self.folder.clone(), &settings, number, valid)?;
        Ok(())
    }

    /// Removes what was written since the segment had this number and length.
    pub(crate) fn take_back(&mut self, number: u64, length: u64) -> io::Result<()> {
        if self.number != number {
            let begun = file_of(&self.folder, self.number);
            self.go_to(number, length)?;
            return fs::remove_file(begun);
        }
        self.file.set_len(length)?;
        self.file.sync_data()?;
        self.length = length;
        Ok(())
    }

    /// Brings the segment to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Deletes a segment that nothing refers to.
    pub(crate) fn delete(&self, number: u64) -> io::Result<()> {
        match fs::remove_file(file_of(&self.folder, number)) {
            Err(err) if err.kind() != ErrorKind::NotFound => Err(err),
            _ => Ok(()),
        }
    }

    /// Reads a chunk: its layout and its content.
    pub(crate) fn read(&self, place: Place, shape: Shape) -> io::Result<Chunk> {
        SegmentFiles::new(self.folder.clone()).read(place, shape)
    }
}

/// A chunk's layout and content.
pub(crate) struct Chunk {
    pub(crate) layout: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

/// The segments as readers see them. Files stay open for the next read.
#[derive(Debug)]
pub(crate) struct SegmentFiles {
    folder: PathBuf,
    open: Mutex<BTreeMap<u64, Arc<File>>>,
}

impl SegmentFiles {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::default() }
    }

    /// Reads a chunk. One that is not as it was written is [`ErrorKind::InvalidData`].
    pub(crate) fn read(&self, place: Place, shape: Shape) -> io::Result<Chunk> {
        let file = self.file(place.segment)?;
        let bytes = |length: u32, position: u64| {
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut bytes, position).map(|()| bytes)
        };
        let layout = bytes(shape.layout, place.position)?;
        let content = bytes(shape.content, place.position + u64::from(shape.layout))?;
        if crc(&layout, &content) != shape.crc {
            return Err(io::Error::new(ErrorKind::InvalidData, "a chunk is not as it was written"));
        }
        Ok(Chunk { layout, content })
    }

    fn file(&self, number: u64) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&number) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(file_of(&self.folder, number))?);
        if KEPT <= open.len() {
            open.pop_first();
        }
        open.insert(number, Arc::clone(&file));
        Ok(file)
    }

    /// Closes the files.
    pub(crate) fn clear(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durable() -> LogSettings {
        LogSettings::new(Durability::Durable)
    }

    fn head(first: u64) -> Head {
        let topic = "t".to_owned();
        Head {
            topic,
            partition: 1,
            first,
            records: 2,
            at: 7,
            total: 9,
            layout: 0,
            content: 0,
            crc: 0,
        }
    }

    fn frame(first: u64) -> Frame {
        let mut frame = Frame::default();
        frame.push(head(first), b"[1]".to_vec(), b"content".to_vec()).expect("fits");
        frame.push(head(first + 2), b"[2]".to_vec(), Vec::new()).expect("fits");
        frame
    }

    #[test]
    fn what_is_appended_is_found_and_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("log-records");
        let mut segments = Segments::open(folder.clone(), &durable(), 1, 0).expect("opens");
        let places = segments.append(&frame(0)).expect("appends");
        segments.append(&frame(4)).expect("appends");
        let chunk = segments.read(places[0], frame(0).heads[0].shape()).expect("reads");
        assert_eq!(
            (chunk.layout.as_slice(), chunk.content.as_slice()),
            (&b"[1]"[..], &b"content"[..])
        );
        let scanned = scan(&folder, 1, 0).expect("scans");
        assert_eq!(scanned.valid, segments.length());
        let firsts: Vec<u64> =
            scanned.frames.iter().flat_map(|f| &f.chunks).map(|(head, _)| head.first).collect();
        assert_eq!(firsts, [0, 2, 4, 6]);
        assert_eq!(scanned.frames[0].chunks[1].1, places[1]);

        // A frame that was taken back is gone, and the next one takes its place.
        let (number, length) = (segments.number(), segments.length());
        segments.append(&frame(8)).expect("appends");
        segments.take_back(number, length).expect("takes back");
        assert_eq!(scan(&folder, 1, 0).expect("scans").valid, length);
    }

    #[test]
    fn every_cut_and_every_changed_byte_ends_the_valid_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("log-records");
        let mut segments = Segments::open(folder.clone(), &durable(), 1, 0).expect("opens");
        segments.append(&frame(0)).expect("appends");
        let first = segments.length();
        segments.append(&frame(4)).expect("appends");
        let whole = fs::read(file_of(&folder, 1)).expect("reads");
        for cut in usize::try_from(first).expect("fits")..whole.len() {
            fs::write(file_of(&folder, 1), &whole[..cut]).expect("writes");
            assert_eq!(scan(&folder, 1, 0).expect("scans").valid, first, "cut at {cut}");
            let mut changed = whole.clone();
            changed[cut] ^= 0x10;
            fs::write(file_of(&folder, 1), &changed).expect("writes");
            assert_eq!(scan(&folder, 1, 0).expect("scans").valid, first, "changed at {cut}");
        }
    }

    #[test]
    fn a_full_segment_is_followed_by_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("log-records");
        let settings = durable().with_segment_bytes(100);
        let mut segments = Segments::open(folder.clone(), &settings, 1, 0).expect("opens");
        segments.append(&frame(0)).expect("appends");
        let length = segments.length();
        let places = segments.append(&frame(4)).expect("appends");
        assert_eq!((segments.number(), places[0].segment), (2, 2));
        segments.take_back(1, length).expect("takes back");
        assert_eq!(numbers(&folder).expect("lists"), [1]);
        assert_eq!(segments.number(), 1);
    }
}
