//! The first rows of a file or a stream, with all of their columns.

use super::super::head::Head;
use super::super::table::{self, guarded};
use super::messages::Framed;
use super::{Layout, broken, decoder, next_batch};
use crate::error::Result;
use crate::input::source::Source;
use arrow_schema::ArrowError;
use std::path::Path;

/// The first rows of a file or a stream.
pub(crate) fn head(path: &Path, source: &Source, rows: usize) -> Result<Head> {
    let layout = Layout::of(path, source)?;
    let mut head = match &layout {
        Layout::File(index) => table::head(&index.schema, rows),
        Layout::Stream(_, schema) => table::head(schema, rows),
    };
    let read = guarded(|| add(&mut head, layout, source));
    head.despite(read.map_err(|e| broken(path, None, &e)))
}

/// Add the rows of batches, while there is room.
fn add(head: &mut Head, layout: Layout, source: &Source) -> Result<(), ArrowError> {
    match layout {
        Layout::File(index) => {
            let mut input = source.open();
            for (block, _) in index.batches {
                if head.room() == 0 {
                    break;
                }
                table::add_rows(head, &Framed::at(&mut input, block)?.rows(&index.decoder)?)?;
            }
        }
        Layout::Stream(mut input, schema) => {
            let mut decoder = decoder(schema);
            while head.room() > 0
                && let Some(rows) = next_batch(&mut input, &mut decoder)?
            {
                table::add_rows(head, &rows)?;
            }
        }
    }
    Ok(())
}
