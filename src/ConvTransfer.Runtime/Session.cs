using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Runs a model. It owns its memory and its threads; one call at a time. Several sessions of one planner run side by side.</summary>
public sealed unsafe class Session : IDisposable
{
    private readonly Planner _planner;
    private readonly Crew _crew;
    private Plan? _plan;
    private AlignedMemory? _arena, _scratch, _addresses;
    private string[]?[] _strings = [];

    internal Session(Planner planner, int threads)
    {
        _planner = planner;
        _crew = new Crew(threads);
    }

    /// <summary>The number of threads.</summary>
    public int Threads => _crew.Size;

    /// <summary>True to fill the memory between the steps with NaN before each run, so that a step that reads what it must not is seen.</summary>
    internal bool PoisonArena { get; set; }

    /// <summary>Runs the model.</summary>
    /// <param name="inputs">Tensors in the order of <see cref="Planner.Inputs"/>; not changed.</param>
    /// <param name="cancellationToken">Stops the run between two steps.</param>
    /// <returns>New tensors in the order of <see cref="Planner.Outputs"/>; the caller disposes them.</returns>
    /// <exception cref="ConvTransferException">The inputs do not fit the model, or it cannot be run with them.</exception>
    public Tensor[] Run(ReadOnlySpan<Tensor> inputs, CancellationToken cancellationToken = default)
    {
        var plan = Prepare(inputs);
        var outputs = new Tensor[plan.Outputs.Length];
        try
        {
            for (int i = 0; i < outputs.Length; i++) outputs[i] = Tensor.Uninitialized(plan.Outputs[i].Declared, plan.Outputs[i].Shape);
            Execute(plan, inputs, outputs, cancellationToken);
            return outputs;
        }
        catch
        {
            foreach (var output in outputs) output?.Dispose();
            throw;
        }
    }

    /// <summary>Runs the model with one input.</summary>
    /// <inheritdoc cref="Run(ReadOnlySpan{Tensor}, CancellationToken)"/>
    public Tensor[] Run(Tensor input, CancellationToken cancellationToken = default) => Run([input], cancellationToken);

    /// <summary>Runs the model into the caller's tensors. Once a shape has been run, allocates nothing.</summary>
    /// <param name="inputs">Tensors in the order of <see cref="Planner.Inputs"/>; not changed.</param>
    /// <param name="outputs">Tensors in the order of <see cref="Planner.Outputs"/>, of the types that the model gives.</param>
    /// <param name="cancellationToken">Stops the run between two steps.</param>
    /// <exception cref="ArgumentException">An output is of another type or shape than the model gives.</exception>
    /// <exception cref="ConvTransferException">The inputs do not fit the model, or it cannot be run with them.</exception>
    public void Run(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, CancellationToken cancellationToken = default)
    {
        var plan = Prepare(inputs);
        if (outputs.Length != plan.Outputs.Length) throw new ArgumentException($"{outputs.Length} outputs are given, expected {plan.Outputs.Length}", nameof(outputs));
        for (int i = 0; i < outputs.Length; i++)
        {
            var expected = plan.Outputs[i];
            if (outputs[i].ElementType != expected.Declared || !outputs[i].Shape.Equals(expected.Shape)) throw new ArgumentException($"output {i} is {outputs[i]}, expected {expected.Declared.OnnxName()} {expected.Shape}", nameof(outputs));
        }
        Execute(plan, inputs, outputs, cancellationToken);
    }

    /// <summary>Frees memory and threads.</summary>
    public void Dispose()
    {
        _crew.Dispose();
        _arena?.Dispose();
        _scratch?.Dispose();
        _addresses?.Dispose();
    }

    private Plan Prepare(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != _planner.Inputs.Count) throw new ArgumentException($"{inputs.Length} inputs are given, the model takes {_planner.Inputs.Count}: {string.Join(", ", _planner.Inputs.Select(i => $"'{DisplayText.Escape(i.Name)}'"))}", nameof(inputs));
        if (_plan is not null && _plan.Key.Serves(inputs))
        {
            for (int i = 0; i < inputs.Length; i++) InputCheck.Check(_planner.Inputs[i], inputs[i]);
            return _plan;
        }
        var plan = _planner.PlanFor(inputs);
        Bind(plan);
        return _plan = plan;
    }

    private void Bind(Plan plan)
    {
        _plan = null;
        Grow(ref _arena, plan.ArenaBytes);
        Grow(ref _scratch, plan.ScratchBytes(_crew.Size));
        Grow(ref _addresses, (long)plan.Places.Length * sizeof(byte*));
        _strings = new string[]?[plan.Places.Length];
        byte** addresses = (byte**)_addresses!.Pointer;
        for (int i = 0; i < plan.Places.Length; i++)
        {
            var place = plan.Places[i];
            addresses[i] = null;
            switch (place.Kind)
            {
                case PlaceKind.Arena: addresses[i] = _arena!.Pointer + place.Offset; break;
                case PlaceKind.Strings: _strings[i] = new string[place.Offset]; break;
                case PlaceKind.Constant when place.Constant!.ElementType == ElementType.String: _strings[i] = place.Constant.StringArray; break;
                case PlaceKind.Constant: addresses[i] = place.Constant!.Pointer; break;
            }
        }
    }

    private static void Grow(ref AlignedMemory? memory, long bytes)
    {
        if (memory is not null && memory.ByteCount >= bytes) return;
        memory?.Dispose();
        memory = null;
        memory = new AlignedMemory(bytes);
    }

    private void Execute(Plan plan, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, CancellationToken cancellationToken)
    {
        byte** addresses = (byte**)_addresses!.Pointer;
        for (int i = 0; i < plan.Places.Length; i++)
        {
            if (plan.Places[i].Kind != PlaceKind.Input) continue;
            var tensor = inputs[(int)plan.Places[i].Offset];
            if (tensor.ElementType == ElementType.String) _strings[i] = tensor.StringArray;
            else addresses[i] = tensor.Pointer;
        }
        if (PoisonArena) new Span<byte>(_arena!.Pointer, checked((int)_arena.ByteCount)).Fill(0xFF);
        var run = new StepRun(addresses, _strings, _scratch!.Pointer, _crew);
        foreach (var step in plan.Steps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            step.Run(run);
        }
        for (int i = 0; i < outputs.Length; i++) CopyOut(plan.Outputs[i], run, outputs[i]);
        GC.KeepAlive(plan);
    }

    private static void CopyOut(PlanOutput output, in StepRun run, Tensor to)
    {
        if (output.Declared == ElementType.String) run.Strings(output.Slot).CopyTo(to.AsStrings());
        else if (output.Narrow) HalfConversion.Narrow(new ReadOnlySpan<float>(run.Pointer<float>(output.Slot), checked((int)to.ElementCount)), to.AsSpan<Half>());
        else System.Runtime.InteropServices.NativeMemory.Copy(run.Pointer<byte>(output.Slot), to.Pointer, (nuint)to.ByteCount);
    }
}
