using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>Prepares a model for running: checks it, packs its weights, and keeps the plans made for input shapes. Safe for concurrent use.</summary>
/// <remarks>Dispose it after its sessions.</remarks>
public sealed class Planner : IDisposable
{
    /// <summary>The number of plans that are kept; beyond it the one that was not used for longest is made anew when asked for.</summary>
    public const int MaxPlans = 16;

    private readonly PreparedModel _model;
    private readonly SharedObjects _shared = new();
    private readonly List<Plan> _plans = [];
    private readonly Lock _lock = new();

    /// <summary>Prepares a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="outputs">Names of the wanted values, inner ones too; null for the graph's outputs. Only what they need is planned.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The graph's structure is broken; every problem is listed.</exception>
    public Planner(Model model, IEnumerable<string>? outputs = null, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = new PreparedModel(model, outputs, limits ?? Limits.Default);
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
    public IReadOnlyList<TensorType> OutputTypes(params IReadOnlyList<Shape> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.Count != Inputs.Count) throw new ArgumentException($"{shapes.Count} shapes are given for {Inputs.Count} inputs", nameof(shapes));
        var tensors = new Tensor[shapes.Count];
        try
        {
            for (int i = 0; i < tensors.Length; i++) tensors[i] = new Tensor(Inputs[i].Type is TensorType type ? type.ElementType : ElementType.Float32, shapes[i]);
            return [.. PlanFor(tensors).Outputs.Select(o => TensorType.Of(o.Declared, o.Shape))];
        }
        finally
        {
            foreach (var tensor in tensors) tensor?.Dispose();
        }
    }

    /// <summary>Frees constants and packed weights.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var plan in _plans) plan.Dispose();
            _plans.Clear();
        }
        _shared.Dispose();
        _model.Dispose();
    }

    /// <summary>The plan for these inputs: found, or made.</summary>
    internal Plan PlanFor(ReadOnlySpan<Tensor> inputs)
    {
        for (int i = 0; i < inputs.Length; i++) InputCheck.Check(_model.Inputs[i], inputs[i]);
        lock (_lock)
        {
            for (int i = 0; i < _plans.Count; i++)
            {
                if (!_plans[i].Key.Serves(inputs)) continue;
                var found = _plans[i];
                _plans.RemoveAt(i);
                _plans.Add(found);
                return found;
            }
            var made = PlanBuilder.Build(_model, inputs, _shared);
            // A plan that a session still runs keeps its constants by reference: they are freed with the last holder, not here.
            if (_plans.Count == MaxPlans) _plans.RemoveAt(0);
            _plans.Add(made);
            return made;
        }
    }
}
