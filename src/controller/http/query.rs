//! Queries of addresses, as browsers write them.

/// The value of `key` in `a=b&q=some+text%21`, the first if there are several. What is not UTF-8 is replaced.
pub(super) fn value(query: &str, key: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| decoded(value))
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(hexadecimal);
        let (next, width) = match (escaped, byte) {
            (Some(byte), _) => (byte, 3),
            (None, b'+') => (b' ', 1),
            (None, other) => (*other, 1),
        };
        plain.push(next);
        at += width;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0, |value: u8, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(value << 4 | u8::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        for (query, found) in [
            ("q=shop", Some("shop")),
            ("a=1&q=Deployment+shop%2Fweb", Some("Deployment shop/web")),
            ("q=", Some("")),
            ("q=a&q=b", Some("a")),
            ("q=%C3%a9%", Some("é%")),
            ("q=%zz%e", Some("%zz%e")),
            ("q=%ff", Some("\u{fffd}")),
            ("q", None),
            ("qq=a", None),
            ("", None),
        ] {
            assert_eq!(value(query, "q").as_deref(), found, "{query}");
        }
    }
}
