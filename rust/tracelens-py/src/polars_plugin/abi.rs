//! The C side: columns in, one column out, errors as text. The only place with `unsafe`.
//!
//! What polars and a plugin have agreed on (polars-ffi, version 0.1): a column comes as a [`SeriesExport`]; whoever receives
//! one moves the arrays out of it and calls `release`, which frees the boxes they lay in. A result whose `private_data` is
//! null means failure, and polars asks for the message on the same thread.

// A C ABI cannot be spoken without it. Each block says on what it relies.
#![allow(unsafe_code)]

use super::expressions::{Burstiness, ConversionChains, Funnel};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_array::{Array, ArrayRef, make_array};
use arrow_schema::{DataType, Field};
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_void};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{ptr, slice};

/// An expression of polars.
pub(super) trait Expression {
    /// Name and type of the result. Refuses wrong types of input, so that [`Expression::call`] need not.
    fn output(inputs: &[Input]) -> Result<Field, String>;

    /// The result for one group of rows. `kwargs` is a pickle.
    fn call(inputs: &[Input], columns: Vec<Column>, kwargs: &[u8]) -> Result<ArrayRef, String>;
}

/// What is known of a column before its values are.
pub(super) struct Input {
    pub(super) name: String,
    /// In place of a type that Arrow does not have: its name in the C data interface.
    pub(super) data_type: Result<DataType, String>,
}

impl Input {
    fn new(schema: &FFI_ArrowSchema) -> Self {
        Self {
            name: schema.name().unwrap_or_default().to_owned(),
            data_type: DataType::try_from(schema).map_err(|_| schema.format().to_owned()),
        }
    }
}

/// The values of a column, in chunks, not yet looked at.
pub(super) struct Column(Vec<FFI_ArrowArray>);

impl Column {
    /// The chunks as arrays of `data_type`, which has to be the type of the [`Input`].
    pub(super) fn chunks(self, data_type: &DataType) -> Result<Vec<ArrayRef>, String> {
        let import = |array| {
            // SAFETY: polars exported this array together with the schema that `data_type` was read from.
            let data = unsafe { from_ffi_and_data_type(array, data_type.clone()) };
            data.map(make_array).map_err(|e| e.to_string())
        };
        self.0.into_iter().map(import).collect()
    }
}

/// A column as polars and its plugins hand it to each other.
#[repr(C)]
pub(super) struct SeriesExport {
    field: *mut FFI_ArrowSchema,
    arrays: *mut *mut FFI_ArrowArray,
    len: usize,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// What an exported column points into.
struct Owned {
    field: Box<FFI_ArrowSchema>,
    arrays: Box<[*mut FFI_ArrowArray]>,
}

impl SeriesExport {
    /// Take a column over, whether or not it can be understood: what is not moved out would leak.
    ///
    /// # Safety
    /// `this` is a column that nobody has taken yet.
    unsafe fn take(this: *mut Self) -> (Input, Column) {
        // SAFETY: as promised by the caller; polars forgets what it handed over.
        unsafe {
            let mut export = ptr::read(this);
            let arrays: &[*mut FFI_ArrowArray] = if export.len == 0 {
                &[]
            } else {
                slice::from_raw_parts(export.arrays, export.len)
            };
            let arrays = arrays.iter().map(|&array| ptr::read(array)).collect();
            let input = Input::new(&*export.field);
            if let Some(release) = export.release {
                release(&raw mut export);
            }
            (input, Column(arrays))
        }
    }

    fn new(field: &Field, array: &ArrayRef) -> Result<Self, String> {
        let field = Box::new(FFI_ArrowSchema::try_from(field).map_err(|e| e.to_string())?);
        let array = Box::new(FFI_ArrowArray::new(&array.to_data()));
        let mut owned = Box::new(Owned {
            field,
            arrays: Box::new([Box::into_raw(array)]),
        });
        Ok(Self {
            field: &raw mut *owned.field,
            arrays: owned.arrays.as_mut_ptr(),
            len: owned.arrays.len(),
            release: Some(release),
            private_data: Box::into_raw(owned).cast(),
        })
    }
}

/// Free what [`SeriesExport::new`] made, but for the arrays, which the receiver has moved out.
unsafe extern "C" fn release(this: *mut SeriesExport) {
    // SAFETY: polars calls this once, on a column made by `new`.
    unsafe {
        let this = &mut *this;
        if this.private_data.is_null() {
            return;
        }
        let owned = Box::from_raw(this.private_data.cast::<Owned>());
        for &array in &owned.arrays {
            drop(Box::from_raw(array.cast::<ManuallyDrop<FFI_ArrowArray>>()));
        }
        this.private_data = ptr::null_mut();
        this.release = None;
    }
}

thread_local!(static LAST_ERROR: RefCell<CString> = RefCell::default());

/// Run; keep what went wrong as text. Nothing unwinds into polars.
fn guarded(work: impl FnOnce() -> Result<(), String>) {
    let message = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return,
        Ok(Err(message)) => message,
        Err(panic) => {
            let why = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or(panic.downcast_ref::<&str>().copied());
            format!("this is a bug of tracelens: {}", why.unwrap_or("unknown"))
        }
    };
    let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
    LAST_ERROR.with_borrow_mut(|last| *last = message);
}

/// # Safety
/// `pointer` is null or dangling where `len` is 0, else points at `len` values.
unsafe fn slice_of<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    // SAFETY: as promised by the caller.
    if len == 0 {
        &[]
    } else {
        unsafe { slice::from_raw_parts(pointer, len) }
    }
}

/// # Safety
/// The arguments are those of polars: `n` columns to take over, `kwargs_len` bytes, and a place for the result.
unsafe fn call<E: Expression>(columns: *mut SeriesExport, n: usize, kwargs: &[u8], result: *mut SeriesExport) {
    guarded(|| {
        // SAFETY: as promised by the caller.
        let (inputs, columns): (Vec<Input>, Vec<Column>) =
            (0..n).map(|i| unsafe { SeriesExport::take(columns.add(i)) }).unzip();
        let field = E::output(&inputs)?;
        let export = SeriesExport::new(&field, &E::call(&inputs, columns, kwargs)?)?;
        // SAFETY: as promised by the caller.
        unsafe { ptr::write(result, export) };
        Ok(())
    });
}

/// # Safety
/// The arguments are those of polars: `n` schemas to look at, and a place for the result.
unsafe fn field<E: Expression>(schemas: *const FFI_ArrowSchema, n: usize, result: *mut FFI_ArrowSchema) {
    guarded(|| {
        // SAFETY: as promised by the caller.
        let schemas = unsafe { slice_of(schemas, n) };
        let inputs: Vec<Input> = schemas.iter().map(Input::new).collect();
        let schema = FFI_ArrowSchema::try_from(E::output(&inputs)?).map_err(|e| e.to_string())?;
        // SAFETY: as promised by the caller.
        unsafe { ptr::write(result, schema) };
        Ok(())
    });
}

/// The version of the ABI: major << 16 | minor.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn _polars_plugin_get_version() -> u32 {
    1
}

/// What went wrong last on this thread.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn _polars_plugin_get_last_error_message() -> *const c_char {
    LAST_ERROR.with_borrow(|last| last.as_ptr())
}

macro_rules! export {
    ($expression:ty, $call:ident, $field:ident) => {
        /// # Safety
        /// Only for polars to call.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $call(
            columns: *mut SeriesExport,
            n: usize,
            kwargs: *const u8,
            kwargs_len: usize,
            result: *mut SeriesExport,
            _context: *mut c_void,
        ) {
            // SAFETY: polars keeps to its side of the ABI.
            unsafe { call::<$expression>(columns, n, slice_of(kwargs, kwargs_len), result) }
        }

        /// # Safety
        /// Only for polars to call.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $field(
            schemas: *const FFI_ArrowSchema,
            n: usize,
            result: *mut FFI_ArrowSchema,
            _kwargs: *const u8,
            _kwargs_len: usize,
        ) {
            // SAFETY: polars keeps to its side of the ABI.
            unsafe { field::<$expression>(schemas, n, result) }
        }
    };
}

export!(Burstiness, _polars_plugin_burstiness, _polars_plugin_field_burstiness);
export!(
    ConversionChains,
    _polars_plugin_conversion_chains,
    _polars_plugin_field_conversion_chains
);
export!(Funnel, _polars_plugin_funnel, _polars_plugin_field_funnel);
