//! `easyscale health`: the probe of images and scripts that have no HTTP client at hand.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::args::HealthArgs;
use super::exit::Exit;
use super::printer::Printer;

/// All of it takes no longer: finding the name, connecting, and an answer that comes byte by byte.
const PATIENCE: Duration = Duration::from_secs(3);

/// Nobody needs more of an answer than its first line, and a sentence of why.
const LONGEST_ANSWER: u64 = 4096;

pub(super) fn run(args: &HealthArgs, printer: Printer) -> anyhow::Result<Exit> {
    let HealthArgs { url, ready } = args;
    let path = if *ready { "/readyz" } else { "/healthz" };
    let authority = authority(url)?;
    let (code, why) =
        ask_in_time(&authority, path).with_context(|| format!("no answer from http://{authority}{path}"))?;
    if code == 200 {
        return Ok(Exit::Done);
    }
    printer.error(
        &format!("http://{authority}{path} answers {code}: {}", why.escape_debug()),
        None,
    );
    Ok(Exit::Failed)
}

/// Host and port of a URL.
fn authority(url: &str) -> anyhow::Result<String> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("--url takes http://HOST:PORT, not {url:?}");
    };
    let authority = rest.trim_end_matches('/');
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '?' | '#');
    if authority.is_empty() || authority.contains(is_odd) {
        bail!("--url takes http://HOST:PORT, not {url:?}");
    }
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !port.ends_with(']'));
    Ok(match has_port {
        true => authority.to_owned(),
        false => format!("{authority}:80"),
    })
}

/// [`ask`], for as long as [`PATIENCE`] lasts. A thread, because the look-up of a name has no time limit of its own; it
/// ends with the process.
fn ask_in_time(authority: &str, path: &'static str) -> anyhow::Result<(u16, String)> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let asked = authority.to_owned();
    thread::Builder::new().spawn(move || {
        // Nobody receives what comes too late.
        let _ = sender.send(ask(&asked, path));
    })?;
    match receiver.recv_timeout(PATIENCE) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => bail!("it takes longer than {} seconds", PATIENCE.as_secs()),
        Err(RecvTimeoutError::Disconnected) => bail!("asking it went wrong"),
    }
}

/// The status of the answer, and the first line of what it says.
fn ask(authority: &str, path: &str) -> anyhow::Result<(u16, String)> {
    let mut last = None;
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(connection) => return exchange(connection, authority, path),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error.into()),
        None => bail!("its name leads nowhere"),
    }
}

fn exchange(mut connection: TcpStream, authority: &str, path: &str) -> anyhow::Result<(u16, String)> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let code = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let Some(code) = code else {
        bail!("what answers there is no HTTP server");
    };
    Ok((code, body.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::authority;

    #[test]
    fn a_url_is_host_and_port() {
        assert_eq!(authority("http://127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
        assert_eq!(
            authority("http://easyscale.easyscale:8080/").unwrap(),
            "easyscale.easyscale:8080"
        );
        assert_eq!(authority("http://localhost").unwrap(), "localhost:80");
        assert_eq!(authority("http://[::1]:8080").unwrap(), "[::1]:8080");
        assert_eq!(authority("http://[::1]").unwrap(), "[::1]:80");
        for odd in [
            "https://x",
            "x:8080",
            "http://",
            "http://a b",
            "http://u@x",
            "http://x/y",
            "http://x\r\ny: z",
        ] {
            assert!(authority(odd).is_err(), "{odd:?}");
        }
    }
}
