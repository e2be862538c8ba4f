using System.Numerics;
using System.Runtime.InteropServices;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Says without running it whether a model can be run: structure, types, support and plan, as one list.</summary>
public static class ModelCheck
{
    /// <summary>Everything that is wrong with a model, and everything that is odd.</summary>
    /// <param name="model">The model.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <returns>The problems, every one once; the model can be run when none of them is an error.</returns>
    /// <remarks>
    /// Types are checked for the shapes that the model declares, symbolic ones included. The plan is made where all lengths are known,
    /// with 1 for a symbolic batch (axis 0); where another length is open, it is left to the first run with concrete shapes.
    /// </remarks>
    public static ProblemList Check(Model model, Limits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        limits ??= Limits.Default;
        var problems = new ProblemList();
        using (var typed = new TypedModel(model, limits, problems))
        {
            CheckWeights(typed.Model.Graph, problems);
            CheckOutputs(typed, problems);
        }
        if (!problems.HasErrors) CheckPlan(model, limits, problems);
        return problems;
    }

    private static void CheckOutputs(TypedModel typed, ProblemList problems)
    {
        foreach (var output in typed.Model.Graph.Outputs)
        {
            if (output.Type is not TensorType { Dims: { } declared } || typed.TypeOf(output.Name)?.Dims is not { } computed) continue;
            if (declared.Count != computed.Count || declared.Zip(computed).Any(d => !d.First.MayEqual(d.Second)))
                problems.Warn(FailureCause.ModelInvalid, $"output '{DisplayText.Escape(output.Name)}' is declared as {output.Type}, but is {TypedModel.Declarable(typed.TypeOf(output.Name))}; the latter is taken");
        }
    }

    private static void CheckWeights(Graph graph, ProblemList problems)
    {
        foreach (var data in graph.Initializers)
            if (data.ElementType.IsFloat() && !IsFinite(data)) problems.Warn(FailureCause.ModelInvalid, $"initializer '{DisplayText.Escape(data.Name)}' holds values that are not finite (NaN or Inf)");
    }

    private static bool IsFinite(TensorData data) => data.ElementType switch
    {
        ElementType.Float32 => IsFinite<float>(data),
        ElementType.Float64 => IsFinite<double>(data),
        _ => IsFinite<Half>(data),
    };

    private static bool IsFinite<T>(TensorData data) where T : unmanaged, INumberBase<T>
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(data.Bytes.Span))
            if (!T.IsFinite(value)) return false;
        return true;
    }

    private static void CheckPlan(Model model, Limits limits, ProblemList problems)
    {
        try
        {
            using var planner = new Planner(model, limits: limits);
            _ = planner.PlanDeclared();
        }
        catch (ConvTransferException e)
        {
            foreach (var problem in e.Problems) problems.Add(problem);
        }
        catch (OverflowException)
        {
            problems.Error(FailureCause.Limit, "a size of the plan does not fit 63 bits; it is beyond every memory limit");
        }
    }
}
