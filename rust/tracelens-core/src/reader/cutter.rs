//! Opens file after file, and archives member by member, and cuts them into tasks.

use super::ReadOptions;
use crate::error::{Code, Error, Place, Result};
use crate::format::{self, Batch, Buffers, File, FileContext, OnBadRow, TASK_BYTES, Task, Tasks};
use crate::input::Progress;
use crate::input::archive::{Content, Members};
use crate::input::discover::Claimed;
use crate::input::source::Stream;
use crate::input::stream::Input;
use crate::mapping::Mapping;
use std::collections::VecDeque;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

/// Tasks that are parsed together, for each thread: enough to keep all busy while the next ones are read.
const TASKS_A_THREAD: usize = 8;
/// A file up to this size is one task, and is read by it.
const SMALL_FILE: u64 = 2 * TASK_BYTES as u64;
/// What opening a file costs beside reading it, in bytes.
const OPENING: usize = 1 << 16;

pub(super) struct Cutter {
    mapping: Mapping,
    files: VecDeque<Claimed>,
    /// The file that is being cut.
    current: Option<(Arc<Claimed>, Box<dyn Tasks>)>,
    /// The archive whose members are being read.
    archive: Option<(Arc<Claimed>, Members)>,
    on_bad_row: OnBadRow,
    with_text: bool,
    buffers: Buffers,
    progress: Progress,
    /// Members of archives that nobody claims.
    skipped: Vec<String>,
}

/// A task of a file, and about how many bytes it will read.
type Cut = (Arc<Claimed>, usize, Task);

impl Cutter {
    pub(super) fn new(files: Vec<Claimed>, mapping: Mapping, options: &ReadOptions) -> Self {
        Self {
            mapping,
            files: files.into(),
            current: None,
            archive: None,
            on_bad_row: options.on_bad_row,
            with_text: options.text,
            buffers: Buffers::default(),
            progress: Progress::default(),
            skipped: Vec::new(),
        }
    }

    /// Cut what is in memory first, into tasks of about so many bytes.
    pub(super) fn add(&mut self, path: &Path, bytes: Vec<u8>, task_bytes: usize) -> Result<()> {
        let claimed = Claimed::by(&self.mapping, path.to_path_buf(), true, bytes.len() as u64);
        let claimed = Arc::new(claimed.map_err(|path| {
            Error::new(Code::NothingToRead, "no file that this mapping would read")
                .at(Place::file(path))
                .help("name another mapping, or add a pattern to its sources")
        })?);
        let file = self.file(&claimed);
        let input = Input::of_reader(path, Cursor::new(bytes))?;
        self.current = Some((claimed, format::open(file, input, &self.buffers, task_bytes)?));
        Ok(())
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    pub(super) fn take_skipped(&mut self) -> Vec<String> {
        std::mem::take(&mut self.skipped)
    }

    /// The next tasks, each with its file. An error is the last of them.
    pub(super) fn group(&mut self) -> Vec<(Arc<Claimed>, Task)> {
        let mut tasks: Vec<(Arc<Claimed>, Task)> = Vec::new();
        let mut bytes = 0;
        while bytes < TASKS_A_THREAD * rayon::current_num_threads() * TASK_BYTES {
            match self.next_task() {
                Ok(None) => break,
                Ok(Some((file, size, task))) => {
                    bytes += size;
                    tasks.push((file, task));
                }
                Err((file, error)) => {
                    self.files.clear();
                    (self.current, self.archive) = (None, None);
                    tasks.push((file, Box::new(move || vec![Batch::failed(error)])));
                    break;
                }
            }
        }
        tasks
    }

    fn next_task(&mut self) -> Result<Option<Cut>, (Arc<Claimed>, Error)> {
        loop {
            if let Some((file, tasks)) = &mut self.current {
                match tasks.next_task() {
                    Ok(Some(task)) => return Ok(Some((Arc::clone(file), TASK_BYTES, task))),
                    Ok(None) => self.current = None,
                    Err(error) => return Err((Arc::clone(file), error)),
                }
            }
            if self.archive.is_some() {
                if let Some(cut) = self.next_member()? {
                    return Ok(Some(cut));
                }
                continue;
            }
            let Some(claimed) = self.files.pop_front().map(Arc::new) else {
                return Ok(None);
            };
            let (buffers, progress) = (self.buffers.clone(), self.progress.clone());
            if claimed.is_archive() {
                let input = Input::open(&claimed.path, &progress).map_err(|error| (Arc::clone(&claimed), error))?;
                let members = Members::new(&claimed.path, Box::new(Stream::new(input)));
                self.archive = Some((claimed, members));
                continue;
            }
            let file = self.file(&claimed);
            let open = move || {
                format::open(
                    Arc::clone(&file),
                    Input::open(&file.path, &progress)?,
                    &buffers,
                    TASK_BYTES,
                )
            };
            // What has no size is no file on a disk: it is read as it comes.
            if (1..=SMALL_FILE).contains(&claimed.bytes) {
                let bytes = claimed.bytes as usize + OPENING;
                return Ok(Some((claimed, bytes, Box::new(move || whole(open)))));
            }
            let tasks = open().map_err(|error| (Arc::clone(&claimed), error))?;
            return Ok(Some(self.begin(claimed, tasks)));
        }
    }

    /// Cut this file next. A task without rows announces it, for there may be no other.
    fn begin(&mut self, claimed: Arc<Claimed>, tasks: Box<dyn Tasks>) -> Cut {
        self.current = Some((Arc::clone(&claimed), tasks));
        (claimed, OPENING, Box::new(Vec::new))
    }

    /// The next member of the archive that is read.
    fn next_member(&mut self) -> Result<Option<Cut>, (Arc<Claimed>, Error)> {
        let Some((archive, members)) = &mut self.archive else {
            return Ok(None);
        };
        let member = match members.next() {
            None => {
                self.archive = None;
                return Ok(None);
            }
            Some(member) => member.map_err(|error| (Arc::clone(archive), error))?,
        };
        let bytes = match &member.content {
            Content::Held(bytes) => bytes.len() as u64,
            Content::Stream(_) => 0,
        };
        let claimed = match Claimed::by(&self.mapping, member.path, false, bytes) {
            Ok(claimed) => Arc::new(claimed),
            Err(path) => {
                self.skipped.push(path.display().to_string());
                return Ok(None);
            }
        };
        let (file, buffers) = (self.file(&claimed), self.buffers.clone());
        match member.content {
            Content::Held(content) => {
                let open = move || {
                    let input = Input::of_reader(&file.path, Cursor::new(content))?;
                    format::open(file, input, &buffers, TASK_BYTES)
                };
                Ok(Some((claimed, bytes as usize + OPENING, Box::new(move || whole(open)))))
            }
            Content::Stream(reader) => {
                let tasks = Input::of_reader(&file.path, reader)
                    .and_then(|input| format::open(file, input, &buffers, TASK_BYTES));
                let tasks = tasks.map_err(|error| (Arc::clone(&claimed), error))?;
                Ok(Some(self.begin(claimed, tasks)))
            }
        }
    }

    fn file(&self, claimed: &Claimed) -> Arc<File> {
        Arc::new(File {
            context: FileContext::new(&claimed.path),
            path: claimed.path.clone(),
            plan: Arc::clone(&claimed.plan),
            on_bad_row: self.on_bad_row,
            with_text: self.with_text && claimed.plan.text.is_some(),
        })
    }
}

/// All batches of a file, up to the first error.
fn whole(open: impl FnOnce() -> Result<Box<dyn Tasks>>) -> Vec<Batch> {
    let mut batches = Vec::new();
    let read = || -> Result<()> {
        let mut tasks = open()?;
        while let Some(task) = tasks.next_task()? {
            batches.extend(task());
        }
        Ok(())
    };
    if let Err(error) = read() {
        batches.push(Batch::failed(error));
    }
    batches
}
