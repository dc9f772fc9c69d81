//! In: the machine code of a function. Out: a kernel that owns its pages and can be called.
//! Never: pages that are writable and executable at once, a page that outlives its kernel, or a
//! call whose slices are too short.
#![expect(unsafe_code, reason = "owning code pages and calling machine code")]

use std::fmt;
use std::sync::Mutex;

use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, ModuleError};

use super::host::Host;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{Body, FoldOp, Sink};
use crate::limits::{LANES, RUN_ELEMS};

/// Alignment of the scratch buffer of a call.
pub const SCRATCH_ALIGN: usize = 64;

type Entry = unsafe extern "C" fn(usize, *const *const u8, *const *mut u8, *mut u8);

/// A compiled [`Body`].
pub struct Kernel {
    entry: Entry,
    /// Kept for its pages only; a `Mutex` because a module is not `Sync`.
    _code: Mutex<Pages>,
    code_bytes: usize,
    scratch_bytes: usize,
    inputs: Vec<Stream>,
    outputs: Vec<Output>,
}

/// Item size of an input, and whether it has one item for the whole call.
#[derive(Clone, Copy, Debug)]
struct Stream {
    size: usize,
    uniform: bool,
}

/// How many bytes a sink delivers.
#[derive(Clone, Copy, Debug)]
enum Output {
    /// So many an element.
    Elements(usize),
    /// So many in all.
    State(usize),
    /// Eight float64 lanes a run.
    Runs,
}

/// The module that owns a kernel's pages, and frees them when dropped.
struct Pages(Option<JITModule>);

impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(module) = self.0.take() {
            // SAFETY: `Kernel` owns this and hands out no pointer into the pages; a call borrows
            // the kernel, so none is running.
            unsafe { module.free_memory() };
        }
    }
}

impl Kernel {
    /// Makes machine code callable. `bytes` is a function of the type [`Entry`], without
    /// relocations, that the `loops` module wrote for `body` and `host`.
    pub(super) fn new(
        body: &Body,
        host: &Host,
        bytes: &[u8],
        align: u32,
        scratch_bytes: usize,
    ) -> Result<Kernel> {
        let builder = JITBuilder::with_isa(host.isa().clone(), Box::new(|_| String::new()));
        let mut code = Pages(Some(JITModule::new(builder)));
        // OK because only `drop` takes the module out.
        let module = code.0.as_mut().expect("a module until it is dropped");
        let address = place(module, bytes, align)?;
        // SAFETY: `address` is the start of a function that `loops` wrote with this signature and
        // the platform's C calling convention; `_code` keeps its pages for as long as `entry`.
        let entry = unsafe { std::mem::transmute::<*const u8, Entry>(address) };
        let inputs = body.inputs.rows().iter().map(|input| Stream {
            size: input.dtype.size(),
            uniform: input.uniform,
        });
        Ok(Kernel {
            entry,
            _code: Mutex::new(code),
            code_bytes: bytes.len(),
            scratch_bytes,
            inputs: inputs.collect(),
            outputs: body
                .sinks
                .iter()
                .map(|sink| Output::of(body, sink))
                .collect(),
        })
    }

    /// Bytes of the scratch buffer a call needs, aligned to [`SCRATCH_ALIGN`]; 0 for most kernels
    /// without calls.
    pub fn scratch_bytes(&self) -> usize {
        self.scratch_bytes
    }

    /// Bytes of machine code.
    pub fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    /// Bytes that the sink at position `sink` of the body delivers for `n` elements.
    pub fn output_bytes(&self, sink: usize, n: usize) -> usize {
        match self.outputs[sink] {
            Output::Elements(size) => n.saturating_mul(size),
            Output::State(bytes) => bytes,
            Output::Runs => n.div_ceil(RUN_ELEMS) * LANES * 8,
        }
    }

    /// Bytes that the input at position `input` of the body must have for `n` elements.
    pub fn input_bytes(&self, input: usize, n: usize) -> usize {
        let Stream { size, uniform } = self.inputs[input];
        if uniform {
            size
        } else {
            n.saturating_mul(size)
        }
    }

    /// Computes `n` elements (at least 1): reads one slice an input,
    /// aligned to its elements, and writes one slice a sink.
    ///
    /// # Errors
    /// Where a slice is missing, too short or not aligned; then nothing has been written.
    pub fn call(
        &self,
        n: usize,
        inputs: &[&[u8]],
        outputs: &mut [&mut [u8]],
        scratch: &mut [u8],
    ) -> Result<()> {
        self.check(n, inputs, outputs, scratch)?;
        let inputs: Vec<*const u8> = inputs.iter().map(|input| input.as_ptr()).collect();
        let outputs: Vec<*mut u8> = outputs
            .iter_mut()
            .map(|output| output.as_mut_ptr())
            .collect();
        // SAFETY: `check` has compared every slice with what `n` elements need; the outputs are
        // borrowed mutably, so nothing else overlaps them.
        unsafe { self.call_raw(n, &inputs, &outputs, scratch.as_mut_ptr()) };
        Ok(())
    }

    /// [`Kernel::call`] without its checks, for one call a row.
    ///
    /// # Safety
    /// `n` is at least 1. There is a pointer for every input and every sink
    /// of the body, in order. Inputs that a register reads are valid for reads of
    /// [`Kernel::input_bytes`] and aligned to their elements, bools among them bytes 0 or 1; outputs are valid for writes of
    /// [`Kernel::output_bytes`]; `scratch` is valid for [`Kernel::scratch_bytes`] and aligned to
    /// [`SCRATCH_ALIGN`]. Outputs and scratch overlap nothing. Nobody else touches any of them
    /// during the call.
    pub unsafe fn call_raw(
        &self,
        n: usize,
        inputs: &[*const u8],
        outputs: &[*mut u8],
        scratch: *mut u8,
    ) {
        debug_assert_eq!(inputs.len(), self.inputs.len());
        debug_assert_eq!(outputs.len(), self.outputs.len());
        debug_assert!(n > 0);
        // SAFETY: the caller upholds what the machine code assumes; it reads and writes inside
        // these regions only, see `loops`.
        unsafe { (self.entry)(n, inputs.as_ptr(), outputs.as_ptr(), scratch) };
    }

    fn check(
        &self,
        n: usize,
        inputs: &[&[u8]],
        outputs: &[&mut [u8]],
        scratch: &[u8],
    ) -> Result<()> {
        if n == 0 {
            return Err(misused(format!("{n} elements")));
        }
        if (inputs.len(), outputs.len()) != (self.inputs.len(), self.outputs.len()) {
            return Err(misused(format!(
                "{} inputs, {} outputs",
                inputs.len(),
                outputs.len()
            )));
        }
        for (at, input) in inputs.iter().enumerate() {
            let aligned = input.as_ptr().addr().is_multiple_of(self.inputs[at].size);
            if input.len() < self.input_bytes(at, n) || !aligned {
                return Err(misused(format!("input {at} of {} bytes", input.len())));
            }
        }
        for (at, output) in outputs.iter().enumerate() {
            if output.len() < self.output_bytes(at, n) {
                return Err(misused(format!("output {at} of {} bytes", output.len())));
            }
        }
        let aligned = scratch.as_ptr().addr().is_multiple_of(SCRATCH_ALIGN);
        if scratch.len() < self.scratch_bytes || (self.scratch_bytes > 0 && !aligned) {
            return Err(misused(format!("scratch of {} bytes", scratch.len())));
        }
        Ok(())
    }
}

impl Output {
    fn of(body: &Body, sink: &Sink) -> Output {
        let size = body.regs[sink.reg()].dtype.size();
        match sink {
            Sink::Store(_) => Output::Elements(size),
            Sink::Fold(FoldOp::SumFloat, _) => Output::Runs,
            Sink::Fold(FoldOp::SumInt | FoldOp::CountNonzero, _) => Output::State(8),
            Sink::Fold(FoldOp::Any | FoldOp::All, _) => Output::State(1),
            Sink::Fold(FoldOp::Min | FoldOp::Max, _) => Output::State(size),
        }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel")
            .field("code_bytes", &self.code_bytes)
            .field("scratch_bytes", &self.scratch_bytes)
            .finish_non_exhaustive()
    }
}

/// Copies code to fresh pages and makes them executable, no longer writable.
fn place(module: &mut JITModule, bytes: &[u8], align: u32) -> Result<*const u8> {
    let signature = module.make_signature();
    let id = module
        .declare_anonymous_function(&signature)
        .map_err(refused)?;
    module
        .define_function_bytes(id, u64::from(align), bytes, &[])
        .map_err(refused)?;
    module.finalize_definitions().map_err(refused)?;
    Ok(module.get_finalized_function(id))
}

fn refused(cause: ModuleError) -> Error {
    let message = format!("the system refused executable memory: {cause}");
    Error::new(ErrorKind::Unsupported, Code::Compile, message)
}

fn misused(what: String) -> Error {
    let message = format!("a kernel was called with {what}");
    Error::new(ErrorKind::Internal, Code::Internal, message)
}
