using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Prepares a model for running: checks it, packs its weights, and keeps the plans made for input shapes. Safe for concurrent use.</summary>
/// <remarks>Dispose it after its sessions.</remarks>
public sealed class Planner : IDisposable
{
    /// <summary>The number of plans that are kept for each segment of the model; beyond it the one that was not used for longest is made anew when asked for.</summary>
    public const int MaxPlans = 16;

    private readonly PreparedModel _model;
    private readonly SharedObjects _shared = new();
    private readonly Lock _lock = new();
    private Segment[]? _segments;
    private List<Plan>[] _plans = [];
    private bool _disposed;

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="outputs">Names of the wanted values, inner ones too; null for the graph's outputs. Only what they need is planned.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The graph's structure is broken; every problem is listed.</exception>
    public Planner(Model model, IEnumerable<string>? outputs = null, Limits? limits = null)
        : this(model, outputs, limits, OperatorSet.Standard)
    {
    }

    /// <summary>Prepares a model of other operators than the standard's: a training graph.</summary>
    internal Planner(Model model, IEnumerable<string>? outputs, Limits? limits, OperatorSet operators)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = new PreparedModel(model, outputs, limits ?? Limits.Default, operators);
    }

    /// <summary>The inputs that a run is given, in this order.</summary>
    public IReadOnlyList<ValueInfo> Inputs => _model.Inputs;

    /// <summary>The names of the values that a run returns, in this order.</summary>
    public IReadOnlyList<string> Outputs => _model.Outputs;

    /// <summary>A session with memory and threads of its own.</summary>
    /// <param name="threads">The number of threads; 0 for one per processor.</param>
    public Session CreateSession(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        return new Session(this, threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <summary>The types that a run with inputs of these shapes returns; plans it without running.</summary>
    /// <param name="shapes">One shape for each of <see cref="Inputs"/>. Not for models whose input values decide shapes.</param>
    /// <exception cref="ConvTransferException">The model cannot be run with such inputs; every reason is listed.</exception>
    public IReadOnlyList<TensorType> OutputTypes(params IReadOnlyList<Shape> shapes) => With(shapes, tensors =>
    {
        var plans = PlansFor(tensors);
        return (TensorType[])[.. Enumerable.Range(0, Outputs.Count).Select(i => OutputOf(plans, i)).Select(o => TensorType.Of(o.Declared, o.Shape))];
    });

    /// <summary>The native memory that runs with inputs of these shapes take; plans them without running.</summary>
    /// <param name="threads">The threads of a session.</param>
    /// <param name="shapes">One shape for each of <see cref="Inputs"/>. Not for models whose input values decide shapes.</param>
    /// <returns>The bytes that all sessions share, constants and packed weights; and those that each takes, with a set of inputs and results.</returns>
    /// <exception cref="ConvTransferException">The model cannot be run with such inputs; every reason is listed.</exception>
    public (long SharedBytes, long SessionBytes) Memory(int threads, params IReadOnlyList<Shape> shapes)
    {
        using var session = CreateSession(threads);
        return With(shapes, tensors =>
        {
            session.Reserve(tensors);
            var plans = PlansFor(tensors);
            long results = Enumerable.Range(0, Outputs.Count).Select(i => OutputOf(plans, i)).Sum(o => AlignedMemory.Rounded(o.Shape.ElementCount * o.Declared.StoredBits() / 8));
            return (NativeBytes, session.NativeBytes + tensors.Sum(t => t.NativeBytes) + results);
        });
    }

    // The tensors' memory is not touched.
    private T With<T>(IReadOnlyList<Shape> shapes, Func<Tensor[], T> use)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.Count != Inputs.Count) throw new ArgumentException($"{shapes.Count} shapes are given for {Inputs.Count} inputs", nameof(shapes));
        var tensors = new Tensor[shapes.Count];
        try
        {
            for (int i = 0; i < tensors.Length; i++) tensors[i] = Tensor.Uninitialized(Inputs[i].Type is TensorType type ? type.ElementType : ElementType.Float32, shapes[i]);
            return use(tensors);
        }
        finally
        {
            foreach (var tensor in tensors) tensor?.Dispose();
        }
    }

    /// <summary>Plans the model for the shapes that its inputs declare, with 1 for a batch (axis 0) that they leave open. The inputs' memory is not touched.</summary>
    /// <returns>The bytes of weights, inputs and values between the nodes; null where other lengths are open, or the inputs' elements decide shapes.</returns>
    /// <exception cref="ConvTransferException">The model cannot be run with such inputs; every reason is listed.</exception>
    internal long? PlanDeclared()
    {
        if (_model.DecidesShape.Contains(true)) return null;
        var tensors = new Tensor[Inputs.Count];
        long bytes = _model.Model.Graph.Initializers.Sum(t => (long)t.Bytes.Length);
        try
        {
            for (int i = 0; i < tensors.Length; i++)
            {
                if (Inputs[i].Type is not TensorType { Dims: { } dims } type || dims.Select((d, axis) => d.IsKnown || axis == 0).Contains(false)) return null;
                var shape = new Shape(dims.Select(d => d.IsKnown ? d.Value : 1).ToArray());
                bytes = checked(bytes + (shape.ElementCount * Math.Max(1, type.ElementType.StoredBits() / 8)));
                RequireMemory(bytes);
                if (!type.ElementType.IsSupported()) throw new ConvTransferException(FailureCause.Unsupported, $"input '{DisplayText.Escape(Inputs[i].Name)}' is of type {type}, with which the engine does not compute", _model.Model.File);
                tensors[i] = Tensor.Uninitialized(type.ElementType, shape);
            }
            foreach (var plan in PlansFor(tensors)) bytes = checked(bytes + plan.ArenaBytes + plan.ScratchBytes(1));
            RequireMemory(bytes);
            return bytes;
        }
        finally
        {
            foreach (var tensor in tensors) tensor?.Dispose();
        }
    }

    /// <summary>Refuses a plan whose memory for a crew of that size is beyond the limit.</summary>
    internal void RequireMemory(Plan plan, int crew) => plan.RequireMemory(crew, _model.Limits.MemoryBytes, _model.Model.File);

    private void RequireMemory(long bytes)
    {
        if (bytes > _model.Limits.MemoryBytes) throw new ConvTransferException(FailureCause.Limit, $"a run needs at least {bytes} bytes for weights, inputs and the values between the nodes, beyond the memory limit of {_model.Limits.MemoryBytes} bytes", _model.Model.File);
    }

    /// <summary>Frees constants and packed weights.</summary>
    public void Dispose()
    {
        long bytes = NativeBytes;
        lock (_lock)
        {
            foreach (var plan in _plans.SelectMany(p => p)) plan.Dispose();
            _plans = [];
            _disposed = true;
        }
        _shared.Dispose();
        _model.Dispose();
        FreedMemory.GiveBack(bytes);
    }

    /// <summary>Native bytes of constants and packed weights that were made so far.</summary>
    internal long NativeBytes
    {
        get
        {
            lock (_lock) return _model.Constants.NativeBytes + _shared.NativeBytes + _plans.Sum(p => p.Sum(plan => plan.Constants.NativeBytes));
        }
    }

    /// <summary>Multiplications with addition of a run with the inputs of the newest plans, as far as they are counted.</summary>
    internal long MultiplyAdds
    {
        get
        {
            lock (_lock) return _plans.Aggregate(0L, (sum, p) => NodeCost.Sum(sum, p[^1].MultiplyAdds));
        }
    }

    /// <summary>The segments of the model; known once a plan was asked for.</summary>
    internal ReadOnlySpan<Segment> Segments => _segments;

    /// <summary>The plan of every segment for these inputs, in order.</summary>
    internal Plan[] PlansFor(ReadOnlySpan<Tensor> inputs)
    {
        for (int i = 0; i < inputs.Length; i++) InputCheck.Check(_model.Inputs[i], inputs[i]);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_segments is null)
            {
                _segments = Segmentation.Of(_model, inputs);
                _plans = [.. _segments.Select(_ => new List<Plan>())];
            }
            var plans = new Plan[_segments.Length];
            PlansFor(inputs, plans);
            return plans;
        }
    }

    /// <summary>Replaces those plans that do not serve these inputs by ones that do: found, or made. Allocates nothing when all are found.</summary>
    /// <param name="inputs">What the caller gives; its types were checked.</param>
    /// <param name="plans">A plan for each segment, in order.</param>
    internal void Replan(ReadOnlySpan<Tensor> inputs, Plan[] plans)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            PlansFor(inputs, plans);
        }
    }

    /// <summary>The place of one of <see cref="Outputs"/> in the plans of the segments.</summary>
    internal PlanOutput OutputOf(ReadOnlySpan<Plan> plans, int index)
    {
        var (segment, place) = OutputPlace(index);
        return plans[segment].Outputs[place];
    }

    /// <summary>The segment that makes one of <see cref="Outputs"/>, and its place among the segment's outputs.</summary>
    internal (int Segment, int Index) OutputPlace(int index)
    {
        for (int s = 0; s < _segments!.Length; s++)
        {
            int place = Array.IndexOf(_segments[s].Outputs, _model.Outputs[index]);
            if (place >= 0) return (s, place);
        }
        throw new InvalidOperationException($"output {index} is made by no segment");
    }

    private void PlansFor(ReadOnlySpan<Tensor> inputs, Span<Plan> plans)
    {
        for (int s = 0; s < plans.Length; s++)
        {
            var segment = _segments![s];
            var earlier = plans[..s];
            if (plans[s] is not null && segment.IsServed(plans[s], inputs, earlier)) continue;
            plans[s] = Find(segment, _plans[s], inputs, earlier) ?? Make(segment, _plans[s], inputs, earlier);
        }
    }

    private static Plan? Find(Segment segment, List<Plan> plans, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Plan> earlier)
    {
        for (int i = 0; i < plans.Count; i++)
        {
            var found = plans[i];
            if (!segment.IsServed(found, inputs, earlier)) continue;
            plans.RemoveAt(i);
            plans.Add(found);
            return found;
        }
        return null;
    }

    private Plan Make(Segment segment, List<Plan> plans, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Plan> earlier)
    {
        var made = PlanBuilder.Build(_model, segment, inputs, earlier, _shared);
        // A plan that a session still runs keeps its constants by reference: they are freed with the last holder, not here.
        if (plans.Count == MaxPlans) plans.RemoveAt(0);
        plans.Add(made);
        return made;
    }
}
