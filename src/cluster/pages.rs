//! A list, page by page. A page is bounded by what it weighs: whoever may write objects in one namespace must not decide
//! how much memory easyscale takes, and most of what it is sent it throws away.

use std::collections::HashSet;
use std::marker::PhantomData;

use futures::AsyncReadExt as _;
use kube::api::ListParams;
use serde::de::DeserializeOwned;

use super::failure::Operation;
use super::live::{Live, REQUEST_TIMEOUT};
use super::resource::{Resource, Selection};
use super::wire::Page;
use crate::plan::Failure;

/// Objects in a page at most, and in the first one: what kubectl asks for.
const MOST: u32 = 500;

/// Bytes of a page at most; one object may have a megabyte and a half.
const HEAVIEST: u64 = 8 << 20;

/// A page below this may have twice as many objects the next time.
const LIGHT: usize = 2 << 20;

/// A list of more pages than this is no list.
const MAX_PAGES: usize = 100_000;

/// A list, page by page.
pub(super) struct Pages<'a, T> {
    resource: Resource<'a>,
    operation: Operation<'a>,
    /// Of the next page; `None` after the last.
    params: Option<ListParams>,
    /// How many objects to ask for.
    limit: u32,
    seen: HashSet<String>,
    /// The version of the whole list.
    pub(super) resource_version: String,
    items: PhantomData<T>,
}

impl Live {
    /// A list that has yet to be asked for.
    pub(super) fn pages<'a, T>(&self, resource: Resource<'a>, selection: &Selection) -> Pages<'a, T> {
        let mut params = ListParams::default();
        if let Some(fields) = &selection.fields {
            params = params.fields(fields);
        }
        if let Some(labels) = &selection.labels {
            params = params.labels(labels);
        }
        Pages {
            resource,
            operation: selection.operation(resource, "list"),
            params: Some(params),
            limit: MOST,
            seen: HashSet::new(),
            resource_version: String::new(),
            items: PhantomData,
        }
    }

    /// The text of a page; `None` if it is too heavy.
    async fn page(
        &self,
        operation: &Operation<'_>,
        request: http::Request<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let reading = async {
            let answer = self.client().request_stream(request).await;
            self.tally().count(operation.verb, Some(&answer));
            let answer = answer.map_err(|error| Failure::from_kube(operation, &error))?;
            let mut text = Vec::new();
            // One byte more tells that it goes on.
            let read = answer.take(HEAVIEST + 1).read_to_end(&mut text).await;
            read.map_err(|error| Failure::cut(operation, &error))?;
            Ok((text.len() as u64 <= HEAVIEST).then_some(text))
        };
        tokio::time::timeout(REQUEST_TIMEOUT, reading)
            .await
            .unwrap_or_else(|_| Err(Failure::timeout(operation, REQUEST_TIMEOUT)))
    }
}

impl<T: DeserializeOwned> Pages<'_, T> {
    /// The next page, if there is one.
    pub(super) async fn next(&mut self, live: &Live) -> Result<Option<Vec<T>>, Failure> {
        let Some(params) = self.params.take() else {
            return Ok(None);
        };
        let operation = self.operation;
        let text = loop {
            let request = self.resource.request().list(&params.clone().limit(self.limit));
            let request = request.map_err(|error| Failure::garbled(&operation, error))?;
            match live.page(&operation, request).await? {
                Some(text) => break text,
                None if self.limit == 1 => {
                    return Err(Failure::garbled(
                        &operation,
                        "a single object is larger than 8 MiB",
                    ));
                }
                None => self.limit = (self.limit / 4).max(1),
            }
        };
        if text.len() < LIGHT {
            self.limit = (self.limit * 2).min(MOST);
        }
        let page: Page<T> =
            serde_json::from_slice(&text).map_err(|error| Failure::garbled(&operation, error))?;
        self.resource_version = page.metadata.resource_version;
        let next = page.metadata.next;
        if !next.is_empty() {
            self.params = Some(params.continue_token(&next));
            if self.seen.len() >= MAX_PAGES || !self.seen.insert(next) {
                return Err(Failure::garbled(&operation, "its pages never end"));
            }
        }
        Ok(Some(page.items))
    }
}
