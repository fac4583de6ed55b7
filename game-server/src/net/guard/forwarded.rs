//! The `Forwarded` header (RFC 7239 §4): what each proxy says of the request that it received.

use hyper::header::{FORWARDED, HeaderMap};

/// What one proxy has appended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Who asked the proxy (`for`): an address, or `unknown`, or a name that hides it.
    pub node: Option<String>,
    pub host: Option<String>,
    pub scheme: Option<String>,
}

/// The elements of all lines, the outermost first. `None` if a line is not as the RFC has it: not even its end is believed then,
/// since a quote before it may have swallowed what the proxy appended.
pub fn elements(headers: &HeaderMap) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    for line in headers.get_all(FORWARDED) {
        read_line(&String::from_utf8_lossy(line.as_bytes()), &mut elements)?;
    }
    Some(elements)
}

fn read_line(mut rest: &str, elements: &mut Vec<Element>) -> Option<()> {
    loop {
        let mut element = Element::default();
        let mut is_empty = true;
        loop {
            rest = rest.trim_start();
            if !rest.is_empty() && !rest.starts_with([',', ';']) {
                rest = read_pair(rest, &mut element)?.trim_start();
                is_empty = false;
            }
            match rest.strip_prefix(';') {
                Some(after) => rest = after,
                None => break,
            }
        }
        if !is_empty {
            elements.push(element);
        }
        if rest.is_empty() {
            return Some(());
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// Reads one `name=value`; returns what follows.
fn read_pair<'a>(text: &'a str, element: &mut Element) -> Option<&'a str> {
    let (name, text) = text.split_once('=')?;
    let is_token = |text: &str| !text.is_empty() && text.chars().all(is_token_letter);
    let (value, rest) = match text.strip_prefix('"') {
        Some(quoted) => read_quoted(quoted)?,
        None => {
            let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
            let (value, rest) = text.split_at(end);
            // Some proxies leave the quotes of an IPv6 address and of a port out.
            let is_value =
                !value.is_empty() && value.chars().all(|l| is_token_letter(l) || ":[]".contains(l));
            (is_value.then(|| value.to_owned())?, rest)
        }
    };
    if !is_token(name) {
        return None;
    }
    let place = match name.to_ascii_lowercase().as_str() {
        "for" => &mut element.node,
        "host" => &mut element.host,
        "proto" => &mut element.scheme,
        _ => return Some(rest),
    };
    // Each may stand once (RFC 7239 §4).
    place.replace(value).is_none().then_some(rest)
}

fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

/// RFC 9110 §5.6.2.
fn is_token_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}
