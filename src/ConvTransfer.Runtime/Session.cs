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
    private Plan[]? _plans;
    private BoundPlan[] _bound = [];
    private (int Segment, int Index)[] _outputs = [];
    private AlignedMemory? _scratch;

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
        Prepare(inputs);
        var outputs = new Tensor[_outputs.Length];
        try
        {
            for (int i = 0; i < outputs.Length; i++) outputs[i] = Tensor.Uninitialized(Output(i).Declared, Output(i).Shape);
            Execute(inputs, outputs, cancellationToken);
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
        Prepare(inputs);
        if (outputs.Length != _outputs.Length) throw new ArgumentException($"{outputs.Length} outputs are given, expected {_outputs.Length}", nameof(outputs));
        for (int i = 0; i < outputs.Length; i++)
        {
            var expected = Output(i);
            if (outputs[i].ElementType != expected.Declared || !outputs[i].Shape.Equals(expected.Shape)) throw new ArgumentException($"output {i} is {outputs[i]}, expected {expected.Declared.OnnxName()} {expected.Shape}", nameof(outputs));
        }
        Execute(inputs, outputs, cancellationToken);
    }

    /// <summary>The threads, for work between two runs.</summary>
    internal Crew Crew => _crew;

    /// <summary>Native bytes of the values between the nodes, and of the working memory.</summary>
    internal long NativeBytes => _bound.Sum(b => b.NativeBytes) + (_scratch?.NativeBytes ?? 0);

    /// <summary>Makes the plan for such inputs and takes its memory, so that the runs that follow take none.</summary>
    internal void Reserve(ReadOnlySpan<Tensor> inputs) => Prepare(inputs);

    /// <summary>Runs the model and leaves the results where they are; <see cref="Result"/> reads them until the next run.</summary>
    internal void RunInPlace(ReadOnlySpan<Tensor> inputs, CancellationToken cancellationToken = default)
    {
        Prepare(inputs);
        Execute(inputs, [], cancellationToken);
    }

    /// <summary>The float32 elements of an output of the last run, in the session's own memory.</summary>
    internal Span<float> Result(int output)
    {
        var (segment, index) = _outputs[output];
        return _bound[segment].Floats(index);
    }

    /// <summary>Frees memory and threads.</summary>
    public void Dispose()
    {
        long bytes = NativeBytes;
        _crew.Dispose();
        foreach (var bound in _bound) bound.Dispose();
        _scratch?.Dispose();
        FreedMemory.GiveBack(bytes);
    }

    private PlanOutput Output(int index) => _bound[_outputs[index].Segment].Plan.Outputs[_outputs[index].Index];

    private void Prepare(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != _planner.Inputs.Count) throw new ArgumentException($"{inputs.Length} inputs are given, the model takes {_planner.Inputs.Count}: {string.Join(", ", _planner.Inputs.Select(i => $"'{DisplayText.Escape(i.Name)}'"))}", nameof(inputs));
        if (_plans is null)
        {
            _plans = _planner.PlansFor(inputs);
            _bound = [.. _plans.Select(_ => new BoundPlan())];
            _outputs = [.. Enumerable.Range(0, _planner.Outputs.Count).Select(_planner.OutputPlace)];
        }
        else
        {
            for (int i = 0; i < inputs.Length; i++) InputCheck.Check(_planner.Inputs[i], inputs[i]);
            if (!IsServed(inputs)) _planner.Replan(inputs, _plans);
        }
        for (int s = 0; s < _plans.Length; s++)
        {
            if (_bound[s].IsBoundTo(_plans[s])) continue;
            _planner.RequireMemory(_plans[s], _crew.Size);
            _bound[s].Bind(_plans[s]);
            BoundPlan.Grow(ref _scratch, _plans[s].ScratchBytes(_crew.Size));
        }
    }

    private bool IsServed(ReadOnlySpan<Tensor> inputs)
    {
        var segments = _planner.Segments;
        for (int s = 0; s < segments.Length; s++)
            if (!segments[s].IsServed(_plans![s], inputs, _plans.AsSpan(0, s))) return false;
        return true;
    }

    private void Execute(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, CancellationToken cancellationToken)
    {
        var segments = _planner.Segments;
        for (int s = 0; s < segments.Length; s++)
        {
            var bound = _bound[s];
            bound.SetInputs(segments[s], inputs, _bound);
            if (PoisonArena) bound.Poison();
            var run = bound.Run(_scratch!.Pointer, _crew);
            foreach (var step in bound.Plan.Steps)
            {
                cancellationToken.ThrowIfCancellationRequested();
                step.Run(run);
            }
        }
        for (int i = 0; i < outputs.Length; i++) _bound[_outputs[i].Segment].CopyOut(_outputs[i].Index, outputs[i]);
    }
}
