//! Holes between index files: a file that begins behind the message that comes next after the file before it.

use super::super::error::StoreError;
use super::super::ids::PhysicalOffset;
use super::header::Header;
use super::set::IndexFiles;

/// Where keys are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hole {
    /// Number of the file that begins too late; of one that is not there where the last ends too early.
    first_file: usize,
    /// The message from which on keys have to be put in again.
    pub(crate) from: PhysicalOffset,
    /// Store time of the last message whose keys are kept.
    pub(crate) kept_ms: i64,
}

impl IndexFiles {
    /// The first hole below `upto`. `next_keyed` is asked for the first message with keys behind one, or of the whole log.
    pub(crate) fn find_hole(
        &self,
        upto: PhysicalOffset,
        next_keyed: &dyn Fn(Option<PhysicalOffset>) -> Option<PhysicalOffset>,
    ) -> Option<Hole> {
        let headers: Vec<Header> = self.files.read().iter().map(|file| file.header()).collect();
        let begins = headers
            .iter()
            .enumerate()
            // The first put into a file gives it its begin.
            .filter(|(_, header)| header.count > 1)
            .map(|(number, header)| (number, header.begin, Some(header)))
            .chain([(headers.len(), upto, None)]);
        let mut before: Option<&Header> = None;
        for (first_file, begin, header) in begins {
            let next = next_keyed(before.map(|before| before.end));
            if let Some(from) = next.filter(|next| *next < begin) {
                return Some(Hole {
                    first_file,
                    // The rest of the last message's keys may have been in the file that is gone.
                    from: before.map_or(from, |before| before.end.min(from)),
                    kept_ms: before.map_or(0, |before| before.end_ms),
                });
            }
            before = header;
        }
        None
    }

    /// Removes the files behind a hole.
    pub(crate) fn drop_behind(
        &self,
        hole: &Hole,
        notes: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let files: Vec<_> = self.files.read().clone();
        self.drop_from(hole.first_file, &files, notes)
    }
}
