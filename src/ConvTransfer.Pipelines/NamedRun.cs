using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>One run of a model with inputs by name.</summary>
public static class NamedRun
{
    /// <summary>Plans and runs a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">A tensor for each required input; one for an input that is also an initializer goes before that. Not changed.</param>
    /// <param name="threads">The number of threads; 0 for one per processor.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <param name="cancellationToken">Stops the run between two steps.</param>
    /// <returns>The graph's outputs in their order; the caller disposes them.</returns>
    /// <exception cref="ConvTransferException">The model cannot be run, an input is missing, or it does not fit.</exception>
    public static Tensor[] Run(Model model, IReadOnlyDictionary<string, Tensor> inputs, int threads = 0, Limits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (string name in inputs.Keys)
            if (!model.Graph.Inputs.Any(i => i.Name == name)) throw new ConvTransferException(FailureCause.DataInvalid, $"the model has no input '{DisplayText.Escape(name)}'; it has {Listed(model.Graph.Inputs)}", model.File);
        var given = model with { Graph = model.Graph with { Initializers = model.Graph.Initializers.Where(t => !inputs.ContainsKey(t.Name)).ToValueList() } };
        using var planner = new Planner(given, limits: limits);
        using var session = planner.CreateSession(threads);
        var ordered = new Tensor[planner.Inputs.Count];
        for (int i = 0; i < ordered.Length; i++)
            ordered[i] = inputs.TryGetValue(planner.Inputs[i].Name, out var tensor) ? tensor : throw new ConvTransferException(FailureCause.DataInvalid, $"input '{DisplayText.Escape(planner.Inputs[i].Name)}' of type {planner.Inputs[i].Type?.ToString() ?? "unknown"} is not given", model.File);
        return session.Run(ordered, cancellationToken);
    }

    private static string Listed(IEnumerable<ValueInfo> inputs) => string.Join(", ", inputs.Select(i => $"'{DisplayText.Escape(i.Name)}'"));
}
