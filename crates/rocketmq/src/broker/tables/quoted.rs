//! From fastjson's dialect to JSON: keys that are numbers or words get their quotes.

/// The text with every bare key of an object quoted. What is not of the dialect stays as it is.
pub(super) fn keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    // Whether a key may come next.
    let mut key_place = false;
    while let Some(next) = rest.chars().next() {
        if next == '"' {
            let end = string_end(rest);
            out.push_str(rest.get(..end).unwrap_or(rest));
            rest = rest.get(end..).unwrap_or("");
            key_place = false;
            continue;
        }
        let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$');
        let length = rest.find(|c| !in_key(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        if key_place && !word.is_empty() && after.trim_start().starts_with(':') {
            out.push('"');
            out.push_str(word);
            out.push('"');
            rest = after;
            key_place = false;
            continue;
        }
        key_place = match next {
            '{' | ',' => true,
            c if c.is_whitespace() => key_place,
            _ => false,
        };
        let take = length.max(next.len_utf8());
        out.push_str(rest.get(..take).unwrap_or(rest));
        rest = rest.get(take..).unwrap_or("");
    }
    out
}

/// Bytes of the string that the text begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
