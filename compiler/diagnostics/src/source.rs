//! Source files and places in them.
//!
//! A [`Span`] is a byte range in the text that the [`SourceMap`] keeps, which is the *decoded* text with `\n` line ends.
//! Lines and columns exist for people only: they are computed here and count from 1, columns in characters.

use std::ops::Range;

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open byte range of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        debug_assert!(start <= end);
        Self { file, start, end }
    }

    /// The empty span at `offset`.
    pub fn at(file: FileId, offset: u32) -> Self {
        Self::new(file, offset, offset)
    }

    /// The smallest span that holds both; `other` must be of the same file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span::new(
            self.file,
            self.start.min(other.start),
            self.end.max(other.end),
        )
    }

    /// Number of bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span has no bytes.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies inside of this span.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// As a range of indices into the file's text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

/// One file: the name that messages show, and its text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

impl SourceFile {
    fn new(name: String, text: String) -> Self {
        let mut file = Self {
            name,
            text,
            line_starts: Vec::new(),
        };
        file.index_lines();
        file
    }

    fn index_lines(&mut self) {
        let ends = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        self.line_starts = std::iter::once(0)
            .chain(ends.map(|(i, _)| i as u32 + 1))
            .collect();
    }

    /// The name, as messages show it (usually the path as the user gave it).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decoded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of lines; a trailing `\n` starts one more, empty, line.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// The line (from 0) in which the byte `offset` lies; an offset past the end lies in the last line.
    pub fn line_index(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|start| *start <= offset) as u32 - 1
    }

    /// The bytes of a line (from 0), with its `\n`.
    pub fn line_range(&self, line: u32) -> Option<Range<usize>> {
        let start = *self.line_starts.get(line as usize)? as usize;
        let end = match self.line_starts.get(line as usize + 1) {
            Some(next) => *next as usize,
            None => self.text.len(),
        };
        Some(start..end)
    }

    /// The text of a line (from 0) without its line end.
    pub fn line_text(&self, line: u32) -> Option<&str> {
        let range = self.line_range(line)?;
        Some(self.text[range].trim_end_matches('\n'))
    }

    /// Line and column of a byte offset.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.line_index(offset);
        let start = self.line_starts[line as usize] as usize;
        let end = (offset as usize).clamp(start, self.text.len());
        // Counting the bytes that start a character never splits one.
        let column = self.text.as_bytes()[start..end]
            .iter()
            .filter(|byte| **byte & 0xC0 != 0x80)
            .count();
        LineColumn {
            line: line + 1,
            column: column as u32 + 1,
        }
    }
}

/// All files of a compilation.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(SourceFile::new(name.into(), text.into()));
        id
    }

    /// Gives a file (added with an empty text, say, because its id was needed to decode it) its text.
    pub fn set_text(&mut self, id: FileId, text: impl Into<String>) {
        let file = &mut self.files[id.0 as usize];
        file.text = text.into();
        file.index_lines();
    }

    /// The file. Ids come from this map's `add`, so it is there.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file, if this map has it.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.file).text()[span.range()]
    }

    /// Line and column of the span's start.
    pub fn line_column(&self, span: Span) -> LineColumn {
        self.file(span.file).line_column(span.start)
    }

    /// All files, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, file)| (FileId(i as u32), file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut map = SourceMap::new();
        let id = map.add("a.py", "é = 1\nx\n");
        let file = map.file(id);
        assert_eq!(file.line_column(3), LineColumn { line: 1, column: 3 });
        assert_eq!(file.line_column(7), LineColumn { line: 2, column: 1 });
        assert_eq!(file.line_column(9), LineColumn { line: 3, column: 1 });
        assert_eq!(file.line_column(99), LineColumn { line: 3, column: 1 });
        assert_eq!(file.line_text(0), Some("é = 1"));
        assert_eq!(file.line_text(3), None);
        assert_eq!(file.line_count(), 3);
    }

    #[test]
    fn spans_join() {
        let file = FileId(0);
        let joined = Span::new(file, 4, 6).to(Span::new(file, 1, 2));
        assert_eq!(joined, Span::new(file, 1, 6));
        assert!(joined.contains(Span::at(file, 3)));
    }
}
