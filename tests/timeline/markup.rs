//! Whether text is well-formed XML, or HTML as strict as that but for `<!doctype html>` and `<meta>`.

/// Tags close in order, attributes are quoted and told once, nothing is left unescaped.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let mut rest = text.strip_prefix("<!doctype html>").unwrap_or(text);
    let mut open: Vec<&str> = Vec::new();
    let mut roots = 0;
    let mut ids = Vec::new();
    while let Some((before, after)) = rest.split_once('<') {
        check_text(before, open.is_empty())?;
        let (tag, after) = after.split_once('>').ok_or("a tag does not end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(opened) if opened == name => continue,
                opened => return Err(format!("</{name}> closes {opened:?}")),
            }
        }
        let (tag, closes) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, tag.starts_with("meta ")),
        };
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if !name.starts_with(|first: char| first.is_ascii_alphabetic())
            || !name.chars().all(|c| c.is_ascii_alphanumeric())
        {
            return Err(format!("<{tag}> is no tag"));
        }
        for (key, value) in self::attributes(attributes).map_err(|fault| format!("<{tag}>: {fault}"))? {
            if key == "id" {
                if ids.contains(&value) {
                    return Err(format!("two ids are {value}"));
                }
                ids.push(value);
            }
        }
        if open.is_empty() {
            roots += 1;
        }
        if !closes {
            open.push(name);
        }
    }
    check_text(rest, true)?;
    for used in text
        .split("url(#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        if !ids.contains(&used) {
            return Err(format!("nothing has the id {used}"));
        }
    }
    match (open.as_slice(), roots) {
        ([], 1) => Ok(()),
        (open, roots) => Err(format!("{roots} roots, {open:?} stay open")),
    }
}

fn check_text(text: &str, is_outside: bool) -> Result<(), String> {
    if is_outside && !text.trim().is_empty() {
        return Err(format!("text outside of all elements: {text:?}"));
    }
    for entity in text.split('&').skip(1) {
        let name = entity.split(';').next().unwrap_or_default();
        if !matches!(name, "amp" | "lt" | "gt" | "quot" | "#39") {
            return Err(format!("an unescaped & in {text:?}"));
        }
    }
    Ok(())
}

fn attributes(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("no value in {rest:?}"))?;
        let (value, after) = after
            .split_once('"')
            .ok_or_else(|| format!("no end in {rest:?}"))?;
        check_text(value, false)?;
        if key.contains(char::is_whitespace) || found.iter().any(|(other, _)| *other == key) {
            return Err(format!("the attribute {key:?}"));
        }
        found.push((key, value));
        rest = after.trim_start();
    }
    Ok(found)
}

#[test]
fn markup_can_be_wrong() {
    assert_eq!(check("<a b=\"c\"><d/>&lt;</a>\n"), Ok(()));
    assert_eq!(
        check("<!doctype html>\n<html><meta charset=\"utf-8\"></html>"),
        Ok(())
    );
    for wrong in [
        "",
        "<a>",
        "<a></b>",
        "<a/><a/>",
        "a<a/>",
        "<a b=c/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a><b id=\"x\"/><c id=\"x\"/></a>",
        "<a fill=\"url(#x)\"/>",
        "<a b=\"&\"/>",
    ] {
        assert!(check(wrong).is_err(), "{wrong}");
    }
}
