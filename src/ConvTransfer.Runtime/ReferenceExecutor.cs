using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Runs a model node by node with the operators' plain references: slow, and what the planned run is held against.</summary>
public static class ReferenceExecutor
{
    /// <summary>Computes values of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">Tensors by the names of the graph's inputs; one that is also an initializer may be left out.</param>
    /// <param name="outputs">Names of the wanted values; null for the graph's outputs.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <returns>The values in the order asked for; the caller disposes them.</returns>
    /// <exception cref="ConvTransferException">The model cannot be run, or an input does not fit it; every reason is listed.</exception>
    public static Tensor[] Run(Model model, IReadOnlyDictionary<string, Tensor> inputs, IEnumerable<string>? outputs = null, Limits? limits = null) =>
        Run(model, inputs, outputs, limits, OperatorSet.Standard);

    /// <summary>Computes values of a model of other operators than the standard's: a training graph.</summary>
    internal static Tensor[] Run(Model model, IReadOnlyDictionary<string, Tensor> inputs, IEnumerable<string>? outputs, Limits? limits, OperatorSet operators)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        limits ??= Limits.Default;
        string[] wanted = [.. outputs ?? model.Graph.Outputs.Select(o => o.Name)];
        var problems = new ProblemList();
        var flat = FunctionInlining.Inline(model, problems, limits);
        var nodes = NodeOrder.Needed(flat.Graph, wanted, problems);
        problems.ThrowIfErrors(model.File);

        // With every input known the type walk folds every node, which is to say that it runs the model.
        using var constants = new ConstantTable();
        foreach (var data in flat.Graph.Initializers) constants.Add(data.Name, data);
        InputCheck.CheckNames(flat.Graph, inputs.Keys);
        foreach (var input in flat.Graph.Inputs)
        {
            if (!inputs.TryGetValue(input.Name, out var tensor)) continue;
            InputCheck.Check(input, tensor);
            constants.Add(input.Name, tensor.Clone());
        }
        foreach (var input in flat.Graph.RequiredInputs)
            if (!inputs.ContainsKey(input.Name)) throw InputCheck.Missing(input);
        var walk = new TypeInference(operators, flat.Opset, constants, problems) { FoldEverything = true, Limits = limits };
        walk.Run(nodes);
        problems.ThrowIfErrors(model.File);
        return Array.ConvertAll(wanted, name => (constants.Find(name) ?? throw new ConvTransferException(FailureCause.Unsupported, $"value '{DisplayText.Escape(name)}' could not be computed", model.File)).Clone());
    }
}
