//! Rows of the small CSV files that people write by hand: the rules of a plan, a weekly schedule.
//!
//! Fields hold no commas; quotes around a field are taken off. Blank rows and rows that begin with `#` are
//! passed over. A byte order mark and either kind of line end are taken.

/// The rows of a text, trimmed, with their lines from 1. The first one is the header.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1_u32..)
        .zip(text.lines())
        .map(|(line, row)| (line, row.trim()))
        .filter(|(_, row)| !row.is_empty() && !row.starts_with('#'))
}

/// The fields of a row, trimmed and without quotes. There is at least one.
pub(crate) fn fields(row: &str) -> impl Iterator<Item = &str> {
    row.split(',').map(|text| {
        let text = text.trim();
        text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text).trim()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_over_blank_rows_and_comments_and_keeps_their_lines() {
        let text = "\u{feff}# a comment\r\n\r\na,b\r\n  \"c\" , d \n";
        let found: Vec<(u32, Vec<&str>)> =
            rows(text).map(|(line, row)| (line, fields(row).collect())).collect();
        assert_eq!(found, [(3, vec!["a", "b"]), (4, vec!["c", "d"])]);
    }
}
