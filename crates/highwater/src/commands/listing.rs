//! Prints what a reading command found: a table for people, or JSON for programs.

use std::io::{self, Write as _};

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, Table};
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// A table without lines; columns of numbers are aligned to the right.
pub(crate) struct Rows {
    table: Table,
}

impl Rows {
    /// A table with these headings; one that starts with `#` heads a column of numbers.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(
            headings
                .iter()
                .map(|heading| heading.trim_start_matches('#')),
        );
        for (heading, column) in headings.iter().zip(table.column_iter_mut()) {
            column.set_padding((0, 2));
            if heading.starts_with('#') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { table }
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.table.add_row(cells.into_iter().map(Cell::new));
    }

    /// The table as text, a newline at its end.
    pub(crate) fn text(&self) -> String {
        let lines = self
            .table
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
    }
}

/// Writes `text` to stdout. A reader that left early has what it wanted.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::new(Exit::NotWell, format!("stdout: {error}"))),
    }
}

/// Writes one JSON document to stdout.
pub(crate) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}

/// Node ids or partitions, separated by commas.
pub(crate) fn numbers(numbers: &[i32]) -> String {
    let words: Vec<String> = numbers.iter().map(i32::to_string).collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_no_line_ends_in_spaces() {
        let mut rows = Rows::new(&["NAME", "#COUNT", "WHERE"]);
        rows.push(vec!["a".into(), "7".into(), "here".into()]);
        rows.push(vec!["longer".into(), "12345".into(), String::new()]);
        assert_eq!(
            rows.text(),
            "NAME    COUNT  WHERE\na           7  here\nlonger  12345\n"
        );
    }
}
